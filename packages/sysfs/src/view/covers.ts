import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Cover, stagePlaces } from './build-script.js';

/** Other ways to the devices that a view hides. Covered by nothing: a group's file of the real VFIO would be another group. */
const OTHER_WAYS = ['/proc/bus/pci', '/dev/vfio'] as const;

const UDEV_DATA = '/run/udev/data';

/** A device's file in udev's data is named for it. @see systemd sd_device_get_device_id() */
const isOfHidden = (path: string): boolean => basename(path).startsWith('+pci:');

/** What of the system outside `/sys` would not fit a view. */
export interface CoverOptions {
  /** Whether real devices are seen at all. */
  readonly hasReal: boolean;
  /** What `/proc/cmdline` shows; absent: the real one. */
  readonly commandLine?: string | undefined;
}

/**
 * Fill a stage with what covers places outside `/sys`.
 *
 * @param outside - The stage's path for this process.
 * @param stage - Its path in the namespace.
 */
export const coversOf = (outside: string, stage: string, { hasReal, commandLine }: CoverOptions): Cover[] => {
  const [inside, here] = [stagePlaces(stage), stagePlaces(outside)];
  const covers = OTHER_WAYS.filter((at) => existsSync(at)).map((at): Cover => ({ at, by: inside.empty }));
  if (commandLine !== undefined) {
    writeFileSync(here.commandLine, `${commandLine}\n`, { mode: 0o444 });
    covers.push({ at: '/proc/cmdline', by: inside.commandLine });
  }
  if (existsSync(UDEV_DATA)) {
    const isKept = (path: string) => path === UDEV_DATA || (hasReal && !isOfHidden(path));
    cpSync(UDEV_DATA, here.udevData, { recursive: true, filter: isKept });
    covers.push({ at: UDEV_DATA, by: inside.udevData });
  }
  return covers;
};
