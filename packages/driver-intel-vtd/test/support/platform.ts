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
import { intelVtd } from '../../src/index.js';

type More = Partial<PciFunction>;
const ACS = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };

/** A function that isolates; an endpoint, unless said otherwise. */
export const fn = (address: string, more: More = {}): PciFunction => ({
  address,
  id: '8086:0001',
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

/** A device that firmware describes by its ACPI path. */
export const node = (firmwareNode: string): Device => ({
  name: firmwareNode.slice(-4),
  bus: 'platform',
  path: `platform/${firmwareNode.slice(-4)}`,
  firmwareNode,
});

export interface MachineSketch extends KernelSketch {
  readonly functions?: readonly PciFunction[];
  readonly nodes?: readonly Device[];
  readonly dmar?: Uint8Array;
  readonly units?: readonly UnitRegisters[];
}

export interface Machine {
  readonly platform: Platform;
  readonly topology: PciTopology;
  readonly diagnostics: readonly Diagnostic[];
}

export const machine = ({ functions = [], nodes = [], dmar, units = [], ...kernel }: MachineSketch): Machine => {
  const topology = PciTopology.build(functions, {
    kernel: fakeKernel(kernel),
    unknown: 'pessimistic',
    acsRead: 'after-boot',
    acsRequested: true,
    ivrs: false,
  });
  const diagnostics: Diagnostic[] = [];
  const platform: Platform = {
    kernel: topology.settings.kernel,
    acpiTable: (signature) => (signature === 'DMAR' ? dmar : undefined),
    deviceTree: undefined,
    units,
    devices: [...topology.devices, ...nodes],
    report: (diagnostic) => diagnostics.push(diagnostic),
  };
  return { platform, topology, diagnostics };
};

/** The bound driver of a machine that has a DMAR. */
export const bind = (sketch: MachineSketch): BoundDriver => bindTo(machine(sketch));

export const bindTo = ({ platform }: Machine): BoundDriver => {
  const bound = intelVtd().bind(platform);
  if (!bound) throw new Error('no DMAR');
  return bound;
};

export const boot = (sketch: MachineSketch): Iommu => {
  const iommu = new Iommu({ platform: machine(sketch).platform, drivers: [intelVtd()] });
  iommu.registerUnits();
  return iommu;
};

export const unitNames = (sketch: MachineSketch): string[] => bind(sketch).units.map(({ name }) => name);

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

/** Registers of a unit, over those of a usual one outside a virtual machine. */
export const registers = (address: number | bigint, values: Readonly<Record<string, bigint>> = {}): UnitRegisters => ({
  address: BigInt(address),
  registers: { cap: CAP, ecap: ECAP, version: 0x10n, ...values },
});

/** 39 and 48 bits of address width (SAGAW), 256 domains (ND 2). */
export const CAP: bigint = (0x06n << 8n) | 2n;
/** Requests can pass (PT). */
export const ECAP: bigint = 1n << 6n;
export const CACHING_MODE: bigint = 1n << 7n;
export const SCALABLE_MODE: bigint = 1n << 43n;
export const FIRST_LEVEL: bigint = 1n << 47n;
