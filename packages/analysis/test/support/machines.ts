import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type MachinePciFunction, type ObservedGroup, type RunningMachine } from '@iommu/machine';

const ON = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };

/** A root port of the bus of its own number. */
export const port = (bus: number, extra: Partial<MachinePciFunction> = {}): MachinePciFunction => ({
  address: `0000:00:0${bus}.0`,
  parent: null,
  id: '8086:0101',
  class: '060400',
  headerType: 1,
  express: 'root-port',
  acs: ON,
  secondaryBus: bus,
  subordinateBus: bus,
  ...extra,
});

/** The only function behind the port of that bus. */
export const card = (bus: number, extra: Partial<MachinePciFunction> = {}): MachinePciFunction => ({
  address: `0000:0${bus}:00.0`,
  parent: `0000:00:0${bus}.0`,
  id: 'f00d:0110',
  class: '020000',
  headerType: 0,
  express: 'endpoint',
  acs: null,
  ...extra,
});

export const machineOf = (
  functions: readonly MachinePciFunction[],
  groups?: readonly (readonly string[])[] | readonly ObservedGroup[],
): Machine => ({
  schema: 1,
  name: 'two cards',
  kernel: { release: '7.3.0', arch: 'x86_64' },
  pci: { functions, acsRead: 'after-boot' },
  ...(groups && {
    observed: {
      source: 'sysfs',
      groups: groups.map((group, id) => ('id' in group ? group : { id, devices: group })),
    },
  }),
});

/** Booted with what is unknown taken as not isolating, and as isolating. */
export const both = (machine: Machine): readonly [RunningMachine, RunningMachine] => [
  boot(machine, { drivers: [intelVtd()] }),
  boot(machine, { drivers: [intelVtd()], unknown: 'optimistic' }),
];

/** For a DMAR: a function of the card behind the port of slot so-and-so. */
export const cardScope = (slot: number, fn = 0) =>
  ({
    type: 'endpoint',
    path: [
      { device: slot, function: 0 },
      { device: 0, function: fn },
    ],
  }) as const;
