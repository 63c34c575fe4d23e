import { type Mount, mountSysfs } from '@iommu/sysfs/mount';
import { driverModules } from '../drivers.js';
import { Exit, type ExitCode } from '../exit.js';
import { type BootFlags, readInput } from '../input.js';
import { say, sayNotes } from '../talk.js';

export interface MountFlags extends BootFlags {
  readonly background?: boolean;
  readonly readOnly?: boolean;
  readonly quiet?: boolean;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Wait for the end of a mount; a signal is the wish for it. */
const untilEnded = async (mount: Mount): Promise<void> => {
  const end = (): void => void mount.unmount();
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    await mount.ended;
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
    mount.control.close();
  }
};

/** `iommu mount INPUT DIR` */
export const mount = async (input: string, directory: string, flags: MountFlags): Promise<ExitCode> => {
  const { background = false, readOnly = false, kernel, cmdline, policy } = flags;
  const drivers = await driverModules(flags);
  const machine = await readInput(input, { attributes: true });
  const mounted = await mountSysfs(machine, directory, {
    background,
    readOnly,
    drivers,
    server: new URL('./lazy-serve.js', import.meta.url),
    ...(kernel !== undefined && { kernel }),
    ...(cmdline !== undefined && { commandLine: cmdline }),
    ...(policy !== undefined && { policy }),
  });
  if (!flags.quiet) {
    sayNotes([...(machine.notes ?? []), ...(await mounted.control.diagnostics())]);
    say(`${mounted.path}/sys: mounted, by process ${mounted.pid}`);
    say(background ? `unmount: umount ${mounted.path}` : 'unmount: Ctrl-C');
  }
  if (background) mounted.control.close();
  else await untilEnded(mounted);
  return Exit.ok;
};
