import type { Iommu } from '@iommu/core';
import type { PciSettings } from '@iommu/pci';
import type { Machine, MachineDevice, MachineKernel, MachineNote, MachinePciFunction } from './machine.js';
import type { Probe } from './probe-order.js';

/** What a running machine tells of itself. */
export interface Described {
  readonly machine: Machine;
  readonly kernel: MachineKernel;
  readonly settings: PciSettings;
  readonly iommu: Iommu;
  /** Plugged in, or switched on. */
  readonly functions: readonly MachinePciFunction[];
  readonly devices: readonly MachineDevice[];
  readonly driverOf: (name: string) => string | undefined;
  readonly probes: readonly Probe[];
  /** The order of the probes at boot was not known. */
  readonly isOrderSupposed: boolean;
}

const SUPPOSED: MachineNote = {
  severity: 'warning',
  code: 'probe-order-supposed',
  message: 'in which order kernel drivers were probed at boot was not known; probes holds an order that was supposed',
};

/** Nothing bound, where nothing was said of it, stays unsaid. */
const withDriver = <T extends { readonly driver?: string | null }>(described: T, driver: string | undefined): T => {
  if (driver !== undefined) return driver === described.driver ? described : { ...described, driver };
  return described.driver ? { ...described, driver: null } : described;
};

/** The machine as it is now. Bytes are shared with the description that it was booted from. */
export const describeMachine = ({
  machine,
  kernel,
  settings,
  iommu,
  functions,
  devices,
  driverOf,
  probes,
  isOrderSupposed,
}: Described): Machine => {
  const { observed, pci, probes: known, notes = [], devices: _, kernel: __, ...rest } = machine;
  const waits = iommu.drivers.some(
    ({ bound }) => bound.groupsAt === 'driver-probe' || bound.retriesAtDriverProbe === true,
  );
  const { acsRead: ___, ...places } = pci ?? { functions: [] };
  const { acsRead } = settings;
  const allNotes = waits && isOrderSupposed ? [...notes, SUPPOSED] : notes;
  return {
    ...rest,
    kernel,
    pci: {
      ...places,
      functions: functions.map((fn) => withDriver(fn, driverOf(fn.address))),
      ...(acsRead !== 'unknown' && { acsRead }),
    },
    ...(devices.length > 0 && { devices: devices.map((one) => withDriver(one, driverOf(one.name))) }),
    ...(waits
      ? {
          probes: { order: probes.map(({ device, driver }) => ({ device: device.name, driver })), complete: true },
        }
      : known && { probes: known }),
    ...(allNotes.length > 0 && { notes: allNotes }),
  };
};
