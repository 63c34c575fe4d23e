import type { MachineDevice } from '../machine.js';

/** What may be said of a device that is not on PCI. */
export interface PlatformOptions {
  /** Its ACPI path (`\\_SB_.ETH0`) or device tree path (`/soc/ethernet@9040000`). */
  readonly firmwareNode?: string;
  /** The bound kernel driver: `macb`; `null`: none; absent: unknown. */
  readonly driver?: string | null;
  /** Default: the platform bus. */
  readonly bus?: string;
  /** Devices above it, below `/sys/devices/platform`: `soc@0`. */
  readonly below?: string;
}

/** A device on no PCI bus, for the `devices` of a machine. @param name - As sysfs has it: `9040000.ethernet`. */
export const platformDevice = (
  name: string,
  { firmwareNode, driver, bus = 'platform', below }: PlatformOptions = {},
): MachineDevice => ({
  name,
  bus,
  path: below === undefined ? `platform/${name}` : `platform/${below}/${name}`,
  ...(firmwareNode !== undefined && { firmwareNode }),
  ...(driver !== undefined && { driver }),
});
