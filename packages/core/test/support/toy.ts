import {
  type BoundDriver,
  type Device,
  Iommu,
  type IommuDriver,
  type IommuOptions,
  type IommuUnit,
  type Kernel,
  type Platform,
  type Reason,
  type Refusal,
} from '../../src/index.js';

/** A device of no real bus. */
export const device = (name: string, rest: Partial<Device> = {}): Device => ({
  name,
  bus: 'toy',
  path: `toy0/${name}`,
  ...rest,
});

export const reason = (rule: string): Reason => ({
  rule,
  text: `Because of ${rule}.`,
  source: 'the test',
  devices: [],
});

export const refusal = (errno: Refusal['errno'], rule = `refused-${errno}`): Refusal => ({
  errno,
  reason: reason(rule),
});

export interface ToyKernel extends Partial<Omit<Kernel, 'rule' | 'commandLine'>> {
  readonly rules?: Readonly<Record<string, string>>;
  /** As `/proc/cmdline` has it. */
  readonly line?: string;
}

/** An x86 kernel with lazy flushing; every rule at its default unless given. */
export const kernel = ({ rules = {}, line = '', ...rest }: ToyKernel = {}): Kernel => ({
  release: undefined,
  arch: 'x86',
  defaultDomain: 'lazy',
  has: () => true,
  ...rest,
  commandLine: line
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [name = '', ...values] = word.split('=');
      return { name, value: word.includes('=') ? values.join('=') : undefined };
    }),
  rule: (rule) => rules[rule],
});

export const platform = (devices: readonly Device[], options: ToyKernel = {}): Platform => ({
  kernel: kernel(options),
  acpiTable: () => undefined,
  deviceTree: undefined,
  units: [],
  devices,
  report: () => undefined,
});

export interface ToyDriver extends Partial<Omit<BoundDriver, 'units'>> {
  readonly name?: string;
  /** The units by name, in the order of their registration, each with the devices behind it. */
  readonly units: Readonly<Record<string, readonly Device[]>>;
  /** Devices that share a group; any other has one of its own. */
  readonly together?: readonly Device[];
}

/** A driver that knows the devices listed, and whose every member a test may replace. */
export const toyDriver = ({ name = 'toy', units, together = [], ...rest }: ToyDriver): IommuDriver => {
  const listed = Object.entries(units).map(([unit, devices]) => ({ unit: { name: unit } as IommuUnit, devices }));
  return {
    specVersion: 1,
    name,
    bind: () => ({
      units: listed.map(({ unit }) => unit),
      unitOf: (wanted) => {
        const row = listed.find(({ devices }) => devices.includes(wanted));
        return row && { unit: row.unit, ids: [row.devices.indexOf(wanted)] };
      },
      deviceGroup: (wanted, groups) => {
        for (const mate of together.includes(wanted) ? together : []) {
          const group = groups.get(mate);
          if (group) return { group, reasons: [reason('together')] };
        }
        return { group: groups.alloc(), reasons: [reason('alone')] };
      },
      reservedRegions: () => [],
      ...rest,
    }),
  };
};

export interface ToyMachine extends ToyKernel, Partial<Pick<IommuOptions, 'buses'>> {
  readonly devices: readonly Device[];
  readonly drivers: readonly IommuDriver[];
}

/** A machine whose units have not registered yet. */
export const machine = ({ devices, drivers, buses, ...rest }: ToyMachine): Iommu =>
  new Iommu({ platform: platform(devices, rest), drivers, ...(buses && { buses }) });

/** A machine whose units have registered. */
export const boot = (toy: ToyMachine): Iommu => {
  const iommu = machine(toy);
  iommu.registerUnits();
  return iommu;
};

/** The same driver with some members of what it binds replaced. */
export const altered = (driver: IommuDriver, change: (bound: BoundDriver) => Partial<BoundDriver>): IommuDriver => ({
  ...driver,
  bind: (on) => {
    const bound = driver.bind(on);
    return bound && { ...bound, ...change(bound) };
  },
});
