import { type Diagnostic, IommuError, refused } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { type Card, cardFunctions } from './card.js';
import { functionsOf, numberOf, type Params, textOf, textOrNull } from './params.js';
import type { ControlCalls } from './server.js';

/** A device as a list shows it. */
export interface ListedDevice {
  /** As sysfs spells it: `0000:01:00.0`; what calls take as `device`. */
  readonly name: string;
  /** `null`: none. */
  readonly driver: string | null;
}

/** A group as a list shows it. */
export interface ListedGroup {
  /** Its name below `/sys/kernel/iommu_groups`, as a number. */
  readonly id: number;
  /** As its `type` file has it. */
  readonly type: string;
  /** In the order in which they joined. */
  readonly devices: readonly ListedDevice[];
}

/** The groups, and the devices that have none, as they were when the call was answered. */
export interface MachineList {
  /** By ascending number. */
  readonly groups: readonly ListedGroup[];
  /** In the order of their registration. */
  readonly ungrouped: readonly ListedDevice[];
}

const list = (running: RunningMachine): MachineList => {
  const { iommu, devices } = running;
  const shown = (device: (typeof devices)[number]): ListedDevice => ({
    name: device.name,
    driver: iommu.kernelDriverOf(device) ?? null,
  });
  return {
    groups: [...iommu.groups]
      .map(({ id, type = 'unknown', devices: members }) => ({ id, type, devices: members.map(shown) }))
      .sort((a, b) => a.id - b.id),
    ungrouped: devices.filter((device) => iommu.groups.of(device) === undefined).map(shown),
  };
};

/** What was odd or supposed. */
export type ListedDiagnostic = Pick<Diagnostic, 'severity' | 'code' | 'message'>;

const diagnostics = ({ assumed, diagnostics: noted }: RunningMachine): ListedDiagnostic[] => [
  ...(assumed === undefined
    ? []
    : [
        {
          severity: 'assumed' as const,
          code: 'firmware-assumed',
          message: `the input holds no firmware tables; supposed: ${assumed}`,
        },
      ]),
  ...noted.map(({ severity, code, message }) => ({ severity, code, message })),
];

/** The parts of a card are looked at by the schema of functions once it has its place. */
const cardOf = (params: Params): Card => {
  const { functions } = params;
  if (!Array.isArray(functions) || functions.length === 0 || functions.length > 8)
    throw new IommuError('ERR_CONTROL_PARAMS', 'functions: expected a list of one to eight');
  return { behind: textOf(params, 'behind'), functions };
};

/**
 * What can be done with a running machine from outside. Where there is a file in sysfs for it, it does what a write to
 * that file does.
 *
 * | call | params | what |
 * | --- | --- | --- |
 * | `add` | `functions` | hardware appears, and the kernel is told: it is registered, drivers are probed |
 * | `add-card` | `behind`, `functions` | the same with a card behind a port; it gets addresses there |
 * | `plug` | `functions` | hardware appears, and nobody tells the kernel: `rescan` finds it |
 * | `unplug` | `device` | hardware disappears, and with it the device |
 * | `remove` | `device` | a write to `remove`: it stays plugged in |
 * | `rescan` | | a write to `/sys/bus/pci/rescan` |
 * | `bind`, `unbind` | `device`, `driver`; `device` | writes to a driver's files |
 * | `override` | `device`, `driver` or null | a write to `driver_override` |
 * | `probe` | `device` | a write to `drivers_probe` |
 * | `load`, `unload` | `driver` | `modprobe`, `rmmod` |
 * | `vfs` | `device`, `count` | a write to `sriov_numvfs` |
 * | `type` | `group`, `type` | a write to a group's `type` |
 * | `list` | | see {@link MachineList} |
 * | `diagnostics` | | what was odd or supposed when it was booted |
 *
 * Devices may be named without their segment. Results that are devices are lists of their names.
 */
export const machineCalls = (running: RunningMachine): ControlCalls => {
  const { kernelDrivers: drivers } = running;
  const names = (devices: readonly { readonly name: string }[]) => devices.map(({ name }) => name);
  const device = (params: Params) => running.device(textOf(params, 'device'));
  return {
    add: (params) => names(running.plug(functionsOf(params, 'functions'))),
    'add-card': (params) => {
      const functions = cardFunctions(running, cardOf(params));
      return names(running.plug(functionsOf({ functions }, 'functions')));
    },
    plug: (params) => names(running.plug(functionsOf(params, 'functions'), { notify: false })),
    unplug: (params) => running.unplug(running.find(textOf(params, 'device')) ?? textOf(params, 'device')),
    remove: (params) => running.removeDevice(device(params)),
    rescan: () => names(running.rescan()),
    bind: (params) => drivers.bind(textOf(params, 'driver'), device(params).name),
    unbind: (params) => {
      const bound = device(params);
      const driver = drivers.driverOf(bound);
      if (driver === undefined) throw refused('ENODEV', `${bound.name} has no driver`);
      drivers.unbind(driver, bound.name);
    },
    override: (params) => drivers.setOverride(device(params), textOrNull(params, 'driver') ?? ''),
    probe: (params) => drivers.probe(device(params).name),
    load: (params) => drivers.register(textOf(params, 'driver')),
    unload: (params) => drivers.unregister(textOf(params, 'driver')),
    vfs: (params) => running.setVfs(device(params), numberOf(params, 'count')),
    type: (params) => {
      const id = numberOf(params, 'group');
      const group = running.iommu.groups.byId(id);
      if (!group) throw refused('ENOENT', `there is no group ${id}`);
      running.iommu.writeType(group, textOf(params, 'type'));
    },
    list: () => list(running),
    diagnostics: () => diagnostics(running),
  };
};
