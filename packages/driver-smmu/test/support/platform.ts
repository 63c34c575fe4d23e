import {
  type BoundDriver,
  type Device,
  type Diagnostic,
  formatReservedRegion,
  Iommu,
  type Platform,
  type UnitRegisters,
} from '@iommu/core';
import { type NodeSketch, writeDeviceTree } from '@iommu/firmware';
import { type PciDevice, type PcieTypeName, type PciFunction, PciTopology } from '@iommu/pci';
import { smmu } from '../../src/index.js';
import { fakeKernel, type KernelSketch } from './kernel.js';

type More = Partial<PciFunction>;
const ACS = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };

/** A function that isolates; an endpoint, unless said otherwise. */
export const fn = (address: string, more: More = {}): PciFunction => ({
  address,
  id: '1af4:1041',
  class: '020000',
  headerType: 0,
  express: 'endpoint',
  acs: ACS,
  ...more,
});

/** A bridge with its bus; a root port, unless said otherwise. */
export const bridge = (
  address: string,
  bus: number,
  more: More & { express?: PcieTypeName | null } = {},
): PciFunction =>
  fn(address, {
    class: '060400',
    headerType: 1,
    express: 'root-port',
    secondaryBus: bus,
    subordinateBus: bus,
    ...more,
  });

/** A device that is no PCI function. */
export const node = (name: string, firmwareNode?: string): Device => ({
  name,
  bus: 'platform',
  path: `platform/${name}`,
  ...(firmwareNode !== undefined && { firmwareNode }),
});

export interface MachineSketch extends KernelSketch {
  readonly functions?: readonly PciFunction[];
  readonly nodes?: readonly Device[];
  readonly iort?: Uint8Array;
  readonly madt?: Uint8Array;
  readonly tree?: NodeSketch;
  readonly units?: readonly UnitRegisters[];
  readonly rootParents?: Readonly<Record<string, string>>;
}

export interface Machine {
  readonly platform: Platform;
  readonly topology: PciTopology;
  readonly diagnostics: readonly Diagnostic[];
}

export const machine = ({
  functions = [],
  nodes = [],
  iort,
  madt,
  tree,
  units = [],
  rootParents = {},
  ...kernel
}: MachineSketch): Machine => {
  const settings = {
    kernel: fakeKernel(kernel),
    unknown: 'pessimistic',
    acsRead: 'after-boot',
    acsRequested: true,
    ivrs: false,
  } as const;
  const topology = PciTopology.build(functions, settings, { rootParents });
  const diagnostics: Diagnostic[] = [];
  const tables: Readonly<Record<string, Uint8Array | undefined>> = { IORT: iort, APIC: madt };
  const platform: Platform = {
    kernel: topology.settings.kernel,
    acpiTable: (signature) => tables[signature],
    deviceTree: tree && writeDeviceTree(tree),
    units,
    devices: [...nodes, ...topology.devices],
    report: (diagnostic) => diagnostics.push(diagnostic),
  };
  return { platform, topology, diagnostics };
};

export const bindTo = ({ platform }: Machine): BoundDriver => {
  const bound = smmu().bind(platform);
  if (!bound) throw new Error('no SMMU');
  return bound;
};

export const bind = (sketch: MachineSketch): BoundDriver => bindTo(machine(sketch));

/** The platform buses come before PCI, as in the kernel. */
export const boot = (sketch: MachineSketch): Iommu => {
  const iommu = new Iommu({ platform: machine(sketch).platform, drivers: [smmu()], buses: ['platform', 'pci'] });
  iommu.registerUnits();
  return iommu;
};

export const unitNames = (sketch: MachineSketch): string[] => bind(sketch).units.map(({ name }) => name);

const find = (devices: readonly Device[], name: string): Device => {
  const device = devices.find((one) => one.name === name || one.name === `0000:${name}`);
  if (!device) throw new Error(`no ${name} on this machine`);
  return device;
};

export const deviceAt = ({ platform }: Machine, name: string): Device => find(platform.devices, name);

export const functionAt = ({ topology }: Machine, address: string): PciDevice => {
  const device = topology.find(address);
  if (!device) throw new Error(`no ${address} on this machine`);
  return device;
};

/** `smmu3.0x0000000009050000: 0x10 0x20`, or the rule by which a device has no unit. */
export const streamsOf = (name: string, sketch: MachineSketch): string => {
  const built = machine(sketch);
  const found = bindTo(built).unitOf(deviceAt(built, name));
  if (!found) return 'not known';
  if ('none' in found) return found.none.rule;
  return `${found.unit.name}: ${found.ids.map((id) => `0x${id.toString(16)}`).join(' ')}`;
};

const short = ({ name }: Device): string => name.replace(/^0000:/, '');

export const groupLines = (iommu: Iommu): string[] =>
  [...iommu.groups].map((group) => group.devices.map(short).join(' '));

/** The rule by which a device has its group, or none. */
export const ruleOf = (iommu: Iommu, name: string): string | undefined =>
  iommu.outcomeOf(find(iommu.devices, name)).reasons[0]?.rule;

/** Lines of `reserved_regions` of a device's group. */
export const regionsOf = (iommu: Iommu, name: string): string[] => {
  const { group } = iommu.outcomeOf(find(iommu.devices, name));
  return group ? iommu.reservedRegions(group).map(formatReservedRegion) : [];
};

export const MSI = '0x0000000008000000 0x00000000080fffff msi';
