import { type Device, formatReservedRegion } from '@iommu/core';
import { type NodeSketch, writeDeviceTree } from '@iommu/firmware';
import { boot, type Machine, type MachineDevice, type RunningMachine } from '@iommu/machine';
import { type DeviceSketch, endpoint, integratedEndpoint, layOut, type RootBus } from '@iommu/machine/build';
import { type ViotSketch, virtioIommu, writeViot } from '../../src/index.js';

/** The virtio-iommu of a guest. */
export const iommu = (slot = 1): DeviceSketch => integratedEndpoint({ slot, id: '1af4:1057', class: '00ff00' });
/** A function that isolates, with nothing to it. */
export const card = (slot: number, id = '1b36:0010'): DeviceSketch => endpoint({ slot, id, class: '010802' });
/** A virtio network card. */
export const virtioCard = (slot: number): DeviceSketch => card(slot, '1af4:1041');

export const IOMMU = '0000:00:01.0';
/** All functions of segment 0 behind one IOMMU. */
export const ALL: ViotSketch = { iommus: [IOMMU], ranges: [{ first: '00:00.0', last: 'ff:1f.7' }] };

export interface GuestSketch {
  /** What sits on root bus 0. */
  readonly devices?: readonly DeviceSketch[];
  readonly buses?: readonly RootBus[];
  readonly platform?: readonly MachineDevice[];
  readonly viot?: ViotSketch | Uint8Array | null;
  readonly madt?: Uint8Array;
  readonly tree?: NodeSketch;
  readonly kernel?: string;
  readonly arch?: string;
  readonly commandLine?: string;
  readonly machine?: Partial<Machine>;
}

/** A guest as plain data. */
export const describeGuest = ({
  devices = [iommu(), card(2)],
  buses = [{ devices }],
  platform = [],
  viot = ALL,
  madt,
  tree,
  kernel = '7.3',
  arch = 'x86_64',
  commandLine = '',
  machine = {},
}: GuestSketch = {}): Machine => ({
  schema: 1,
  kernel: { release: kernel, arch, commandLine },
  firmware: {
    acpi: {
      ...(viot !== null && { VIOT: viot instanceof Uint8Array ? viot : writeViot(viot) }),
      ...(madt && { APIC: madt }),
    },
    ...(tree && { deviceTree: writeDeviceTree(tree) }),
  },
  pci: layOut(buses),
  devices: platform,
  ...machine,
});

export const guest = (sketch: GuestSketch = {}): RunningMachine =>
  boot(describeGuest(sketch), { drivers: [virtioIommu()] });

const short = (name: string): string => name.replace(/^0000:/, '');

/** `0: 00:02.0 01:00.0` */
export const groupLines = ({ iommu: { groups } }: RunningMachine): string[] =>
  [...groups].map(({ id, devices }) => `${id}: ${devices.map(({ name }) => short(name)).join(' ')}`);

/** `0000:00:01.0 0x10 0x20`, or why the device has no unit. */
export const endpointOf = (running: RunningMachine, name: string): string => {
  const { unit, ids, reasons } = running.outcomeOf(running.device(name));
  return unit ? [unit.name, ...ids.map((id) => `0x${id.toString(16)}`)].join(' ') : (reasons[0]?.rule ?? '');
};

export const textOf = (running: RunningMachine, name: string): string | undefined =>
  running.outcomeOf(running.device(name)).reasons[0]?.text;

/** `0000:00:01.0 at pci0000:00/0000:00:01.0/virtio0` */
export const unitLines = (running: RunningMachine): string[] =>
  running.iommu.units.map(({ name, parent }) => `${name} at ${parent}`);

export const codesOf = ({ diagnostics }: RunningMachine): string[] =>
  diagnostics.map(({ code }) => code).filter((code) => /^(?:viot|virtio)/.test(code));

/** Lines of `reserved_regions` of a device's group. */
export const regionsOf = (running: RunningMachine, device: string | Device): string[] => {
  const { group } = running.outcomeOf(typeof device === 'string' ? running.device(device) : device);
  return group ? running.iommu.reservedRegions(group).map(formatReservedRegion) : [];
};
