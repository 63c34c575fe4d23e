import {
  type BoundDriver,
  type Device,
  type Diagnostic,
  Iommu,
  type Platform,
  type UnitFound,
  type UnitNone,
  type UnitRegisters,
} from '@iommu/core';
import { type PciDevice, type PcieTypeName, type PciFunction, PciTopology } from '@iommu/pci';
import { fakeKernel, type KernelSketch } from '../../../../tests/support/fake-kernel.js';
import { amdVi } from '../../src/index.js';

type More = Partial<PciFunction>;
const ACS = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };

/** A function that isolates; an endpoint, unless said otherwise. */
export const fn = (address: string, more: More = {}): PciFunction => ({
  address,
  id: '1022:0001',
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

/** The function of a unit, with its capability at 0x40. */
export const unitFunction = (address: string, capability?: number): PciFunction =>
  fn(address, {
    id: '1022:1481',
    class: '080600',
    express: null,
    acs: null,
    ...(capability !== undefined && { config: configWith(0x40, capability) }),
  });

const configWith = (at: number, value: number): Uint8Array => {
  const bytes = new Uint8Array(256);
  new DataView(bytes.buffer).setUint32(at, value, true);
  return bytes;
};

export const UNIT: PciFunction = unitFunction('00:00.2');

/** A device of ACPI. */
export const node = (name: string, hardwareId?: string, uniqueId?: string): Device => ({
  name,
  bus: 'platform',
  path: `platform/${name}`,
  ...(hardwareId !== undefined && { hardwareId }),
  ...(uniqueId !== undefined && { uniqueId }),
});

export interface MachineSketch extends KernelSketch {
  readonly functions?: readonly PciFunction[];
  readonly nodes?: readonly Device[];
  readonly ivrs?: Uint8Array;
  readonly units?: readonly UnitRegisters[];
}

export interface Machine {
  readonly platform: Platform;
  readonly topology: PciTopology;
  readonly diagnostics: readonly Diagnostic[];
}

export const machine = ({ functions = [], nodes = [], ivrs, units = [], ...kernel }: MachineSketch): Machine => {
  const topology = PciTopology.build(functions, {
    kernel: fakeKernel(kernel),
    unknown: 'pessimistic',
    acsRead: 'after-boot',
    acsRequested: true,
    ivrs: ivrs !== undefined,
  });
  const diagnostics: Diagnostic[] = [];
  const platform: Platform = {
    kernel: topology.settings.kernel,
    acpiTable: (signature) => (signature === 'IVRS' ? ivrs : undefined),
    deviceTree: undefined,
    units,
    devices: [...topology.devices, ...nodes],
    report: (diagnostic) => diagnostics.push(diagnostic),
  };
  return { platform, topology, diagnostics };
};

/** The bound driver of a machine that has a IVRS. */
export const bind = (sketch: MachineSketch): BoundDriver => bindTo(machine(sketch));

export const bindTo = ({ platform }: Machine): BoundDriver => {
  const bound = amdVi().bind(platform);
  if (!bound) throw new Error('no IVRS');
  return bound;
};

export const boot = (sketch: MachineSketch): Iommu => {
  const iommu = new Iommu({ platform: machine(sketch).platform, drivers: [amdVi()] });
  iommu.registerUnits();
  return iommu;
};

/** Which unit a function belongs to: its name, or the rule by which it has none. */
export const ownerOf = (address: string, sketch: MachineSketch): string => {
  const built = machine(sketch);
  const found = bindTo(built).unitOf(deviceAt(built, address));
  return describeUnit(found);
};

export const deviceAt = ({ topology }: Machine, address: string): PciDevice => {
  const device = topology.find(address);
  if (!device) throw new Error(`no ${address} on this machine`);
  return device;
};

export const describeUnit = (found: UnitFound | UnitNone | undefined): string => {
  if (!found) return 'not known';
  return 'unit' in found ? found.unit.name : found.none.rule;
};

/** Registers that sysfs showed of a unit. */
export const registers = (name: string, values: Readonly<Record<string, bigint>>): UnitRegisters => ({
  name,
  registers: values,
});

/** Members of each group, in the order of ids: `00:01.0 01:00.0`. */
export const groupLines = (iommu: Iommu): string[] =>
  [...iommu.groups].map(({ devices }) => devices.map(({ name }) => name.replace('0000:', '')).join(' '));
