import { configBytes } from './config-bytes.js';
import type { Entries, Entry } from './trees.js';

/** What the directory of a PCI function is to hold. */
interface SysfsFunction {
  readonly config?: Uint8Array;
  readonly class?: string;
  readonly driver?: string;
  readonly group?: number;
  /** Other files and links of its directory. */
  readonly files?: Entries;
}

/** Directories below `devices` to what is in them. */
export type SysfsFunctions = Readonly<Record<string, SysfsFunction>>;

const upwards = (path: string): string => '../'.repeat(path.split('/').length);

/** A sysfs tree. `bus`: with the links of the bus, as the kernel has them. */
export const sysfs = (functions: SysfsFunctions, { bus = true, groups = true } = {}): Entries => {
  const entries: Record<string, Entry> = {};
  for (const [path, { config, class: code, driver, group, files = {} }] of Object.entries(functions)) {
    const place = `sys/devices/${path}`;
    const address = path.split('/').at(-1) ?? '';
    if (config) entries[`${place}/config`] = config;
    entries[`${place}/class`] = `${code ?? '0x020000'}\n`;
    if (driver !== undefined) entries[`${place}/driver`] = { link: `${upwards(path)}../bus/pci/drivers/${driver}` };
    if (group !== undefined) {
      entries[`${place}/iommu_group`] = { link: `${upwards(path)}../kernel/iommu_groups/${group}` };
      if (groups)
        entries[`sys/kernel/iommu_groups/${group}/devices/${address}`] = { link: `../../../../devices/${path}` };
    }
    for (const [name, entry] of Object.entries(files)) entries[`${place}/${name}`] = entry;
    if (bus) entries[`sys/bus/pci/devices/${address}`] = { link: `../../../devices/${path}` };
  }
  return entries;
};

/** A port with a card behind it, and a conventional device. */
export const SMALL: SysfsFunctions = {
  'pci0000:00/0000:00:01.0': {
    config: configBytes({
      device: 0x0101,
      classCode: 0x060400,
      headerType: 1,
      bus: [0, 1, 1],
      express: 4,
      acs: [0x1d, 0x1d],
    }),
    class: '0x060400',
    driver: 'pcieport',
    group: 0,
  },
  'pci0000:00/0000:00:01.0/0000:01:00.0': { config: configBytes({ express: 0 }), driver: 'foonet', group: 1 },
  'pci0000:00/0000:00:02.0': { config: configBytes({ size: 256 }), group: 2 },
};
