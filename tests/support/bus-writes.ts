import { isIommuError, refused } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice, type PciDevice } from '@iommu/pci';

interface BusDevice {
  readonly driver?: string;
  readonly driver_override?: string;
  readonly sriov?: { readonly numvfs: number; readonly totalvfs: number; readonly drivers_autoprobe: number };
}

/** One step of a recording in which a guest wrote to files of the PCI bus: what was done, and how it was afterwards. */
export interface BusStep {
  readonly op?: 'write' | 'modprobe' | 'rmmod' | 'claim' | 'drop';
  /** Of a write, below `/sys`. A text `@4095` stands for so many letters. */
  readonly path?: string;
  readonly text?: string;
  readonly errno?: string | null;
  /** `open`: the file was not there. */
  readonly at?: 'open';
  readonly module?: string;
  readonly parameters?: readonly string[];
  /** Whose group VFIO claims. */
  readonly device?: string;
  readonly output?: readonly string[];
  readonly groups: readonly { readonly id: number; readonly type: string; readonly devices: readonly string[] }[];
  readonly devices: Readonly<Record<string, BusDevice>>;
  readonly drivers: readonly string[];
  readonly drivers_autoprobe: string;
  readonly log: readonly string[];
}

/** Modules by name, with the driver that each registers and the ids in its table that the recordings have devices of. */
const MODULES: Readonly<Record<string, { readonly driver: string; readonly ids?: readonly string[] }>> = {
  'pci-stub': { driver: 'pci-stub' },
  'vfio-pci': { driver: 'vfio-pci' },
  vfio_pci: { driver: 'vfio-pci' },
  nvme: { driver: 'nvme' },
  igb: { driver: 'igb', ids: ['8086:10c9'] },
  xhci_pci: { driver: 'xhci_hcd' },
};

/** A number as files of devices take it. */
const numberIn = (text: string): number => {
  const value = /^(?:0x[0-9a-f]+|\d+)\n?$/i.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 0xffff)) throw refused('EINVAL', `'${text}' is no number`);
  return value;
};

const pciDevice = (running: RunningMachine, name: string): PciDevice => {
  const device = running.device(name);
  if (!isPciDevice(device)) throw new Error(`${name} is not on PCI`);
  return device;
};

const busOf = (running: RunningMachine, name: string) => {
  const [segment, number] = name.split(':').map((part) => Number.parseInt(part, 16));
  const buses = running.topology.devices.flatMap(({ pciBus, subordinate }) => [pciBus, subordinate ?? pciBus]);
  return buses.find((bus) => bus.segment === segment && bus.number === number);
};

type Act = (running: RunningMachine, name: string, text: string) => void;

const FILES: readonly (readonly [path: RegExp, act: Act])[] = [
  [/^bus\/pci\/drivers\/(.+)\/bind$/, ({ kernelDrivers }, name, text) => kernelDrivers.bind(name, text)],
  [/^bus\/pci\/drivers\/(.+)\/unbind$/, ({ kernelDrivers }, name, text) => kernelDrivers.unbind(name, text)],
  [/^bus\/pci\/drivers\/(.+)\/new_id$/, ({ kernelDrivers }, name, text) => kernelDrivers.newId(name, text)],
  [/^bus\/pci\/drivers\/(.+)\/remove_id$/, ({ kernelDrivers }, name, text) => kernelDrivers.removeId(name, text)],
  [/^bus\/pci\/drivers_probe$/, ({ kernelDrivers }, _, text) => kernelDrivers.probe(text)],
  [
    /^bus\/pci\/drivers_autoprobe$/,
    ({ kernelDrivers }, _, text) => {
      kernelDrivers.autoprobe = !text.startsWith('0');
    },
  ],
  [/^bus\/pci\/rescan$/, (running, _, text) => void (numberIn(text) && running.rescan())],
  [
    /^class\/pci_bus\/(.+)\/rescan$/,
    (running, name, text) => void (numberIn(text) && running.rescan(busOf(running, name))),
  ],
  [
    /^bus\/pci\/devices\/(.+)\/rescan$/,
    (running, name, text) => void (numberIn(text) && running.rescan(pciDevice(running, name).pciBus)),
  ],
  [
    /^bus\/pci\/devices\/(.+)\/remove$/,
    (running, name, text) => void (numberIn(text) && running.removeDevice(running.device(name))),
  ],
  [
    /^bus\/pci\/devices\/(.+)\/driver_override$/,
    (running, name, text) => running.kernelDrivers.setOverride(running.device(name), text),
  ],
  [
    /^bus\/pci\/devices\/(.+)\/sriov_numvfs$/,
    (running, name, text) => running.setVfs(running.device(name), numberIn(text)),
  ],
  [
    /^bus\/pci\/devices\/(.+)\/sriov_drivers_autoprobe$/,
    (running, name, text) => running.setVfsAutoprobe(running.device(name), numberIn(text) !== 0),
  ],
];

const errnoOf = (act: () => void): string | null => {
  try {
    act();
    return null;
  } catch (error) {
    if (isIommuError(error, 'ERR_REFUSED') && error.errno) return error.errno;
    throw error;
  }
};

const write = (running: RunningMachine, path: string, told: string): string | null => {
  const text = told.startsWith('@') ? 'a'.repeat(Number(told.slice(1))) : told;
  // No write of no bytes gets to a file of sysfs.
  if (text === '') return null;
  for (const [pattern, act] of FILES) {
    const match = pattern.exec(path);
    if (match) return errnoOf(() => act(running, match[1] ?? '', text));
  }
  throw new Error(`nothing is known of the file ${path}`);
};

const parametersOf = (words: readonly string[]): Record<string, string> =>
  Object.fromEntries(words.map((word) => [word.split('=')[0] ?? '', word.split('=')[1] ?? '']));

/** Do what the guest did in a step. @returns The errno, `null` for none. */
export const perform = (running: RunningMachine, step: BusStep): string | null => {
  const { op, path = '', text = '', module = '', device = '' } = step;
  const { iommu, kernelDrivers } = running;
  const { driver, ids = [] } = MODULES[module] ?? {};
  if (op === 'write') return write(running, path, text);
  if (op === 'modprobe')
    return errnoOf(
      () => driver && kernelDrivers.register(driver, { ids, parameters: parametersOf(step.parameters ?? []) }),
    );
  if (op === 'rmmod') return errnoOf(() => kernelDrivers.unregister(driver ?? module));
  if (op === 'claim') {
    const group = iommu.groups.of(running.device(device));
    return errnoOf(() => group && iommu.claimGroup(group, 'vfio'));
  }
  // Only one group is claimed at a time.
  for (const group of iommu.groups) iommu.releaseGroup(group);
  return null;
};

/** The errno that the recorded kernel gave. */
export const recordedErrno = ({ op, errno, output = [] }: BusStep): string | null => {
  if (op === 'write') return errno ?? null;
  // What the program in the guest prints last is the errno of the claim.
  if (op === 'claim') return output.at(-1) === '0' ? null : output.at(-1) === '1' ? 'EPERM' : `? ${output.join(' ')}`;
  return output.some((line) => line.includes('No such file')) ? 'ENOENT' : null;
};

const sorted = (names: readonly string[]): string[] => [...names].sort();

/** What a step shows of the machine, as the machine shows it now. */
export const stateOf = (running: RunningMachine) => ({
  groups: [...running.iommu.groups].map(({ id, type, devices }) => ({
    id,
    type: type ?? 'unknown',
    devices: sorted(devices.map(({ name }) => name)),
  })),
  devices: Object.fromEntries(
    [...running.devices]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((device): [string, BusDevice] => {
        const driver = running.kernelDrivers.driverOf(device);
        const override = running.kernelDrivers.overrideOf(device);
        const sriov = running.sriovOf(device);
        return [
          device.name,
          {
            ...(override !== undefined && { driver_override: override }),
            ...(sriov && {
              sriov: {
                numvfs: sriov.numVfs,
                totalvfs: sriov.totalVfs,
                drivers_autoprobe: sriov.driversAutoprobe ? 1 : 0,
              },
            }),
            ...(driver !== undefined && { driver }),
          },
        ];
      }),
  ),
  drivers_autoprobe: running.kernelDrivers.autoprobe ? '1' : '0',
});

export const recordedState = ({ groups, devices, drivers_autoprobe }: BusStep): ReturnType<typeof stateOf> => ({
  groups: [...groups]
    .sort((a, b) => a.id - b.id)
    .map(({ id, type, devices: members }) => ({ id, type, devices: sorted(members) })),
  devices,
  drivers_autoprobe,
});
