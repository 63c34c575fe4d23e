import type { Iommu } from '@iommu/core';
import type { Machine, MachineDevice, MachineKernel, MachineNote, MachinePci, MachinePciFunction } from './machine.js';
import type { Probe } from './probe-order.js';

/** What a running machine tells of itself. */
export interface Described {
  readonly machine: Machine;
  readonly kernel: MachineKernel;
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

/** The history of probes, on a machine where groups wait for them; else as it was described. */
const probesOf = ({ machine, iommu, probes }: Described): Machine['probes'] => {
  const waits = iommu.drivers.some(({ bound }) => bound.groupsAt === 'driver-probe' || bound.retriesAtDriverProbe);
  if (!waits) return machine.probes;
  return { order: probes.map(({ device, driver }) => ({ device: device.name, driver })), complete: true };
};

/** When and under which kernel the ACS bits were read: another boot than this one, if this one was asked to be another. */
const acsReadOf = ({ machine, kernel }: Described): Pick<MachinePci, 'acsRead' | 'acsReadUnder'> => {
  const { acsRead, acsReadUnder } = machine.pci ?? {};
  const { release, commandLine } = machine.kernel ?? {};
  const own = { ...(release !== undefined && { release }), ...(commandLine !== undefined && { commandLine }) };
  const isOwn = release === kernel.release && commandLine === kernel.commandLine;
  const under = acsReadUnder ?? (acsRead === undefined || isOwn ? undefined : own);
  return { ...(acsRead && { acsRead }), ...(under && { acsReadUnder: under }) };
};

/** The machine as it is now, without what was observed of it. Bytes are shared with the description that was booted. */
export const describeMachine = (described: Described): Machine => {
  const { machine, kernel, functions, devices, driverOf, isOrderSupposed } = described;
  const { schema, name, firmware, pci, units, notes = [] } = machine;
  const { rootBuses, rootParents, order } = pci ?? {};
  const probes = probesOf(described);
  const allNotes = isOrderSupposed ? [...notes, SUPPOSED] : notes;
  return {
    schema,
    ...(name !== undefined && { name }),
    ...(Object.keys(kernel).length > 0 && { kernel }),
    ...(firmware && { firmware }),
    ...((pci || functions.length > 0) && {
      pci: {
        functions: functions.map((fn) => withDriver(fn, driverOf(fn.address))),
        ...(rootBuses && { rootBuses }),
        ...(rootParents && { rootParents }),
        ...(order && { order }),
        ...acsReadOf(described),
      },
    }),
    ...(devices.length > 0 && { devices: devices.map((one) => withDriver(one, driverOf(one.name))) }),
    ...(probes && { probes }),
    ...(units && { units }),
    ...(allNotes.length > 0 && { notes: allNotes }),
  };
};
