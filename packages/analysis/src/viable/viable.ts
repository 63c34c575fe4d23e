import type { Device, Group } from '@iommu/core';
import { managesDma, type RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import type { Bounds } from '../compare-policies.js';
import { boundDriver } from './bound-driver.js';
import { doubtsOf } from './doubts.js';
import { hostCritical } from './host-critical.js';
import { type Asked, directRegionsOf, judge } from './obstacles.js';
import { setupOf } from './setup.js';
import { standsInTheWay, type ViabilityRule, viabilityRuleOf } from './viability-rule.js';
import type { Viability, ViableDevice, ViableGroup, ViableMember, ViableNeed, ViableReport } from './viable-report.js';

/** What is to be bound, and which kernel is asked. */
export interface ViableOptions {
  /** To be bound to each device; default: VFIO's for its bus, `vfio-pci`. */
  readonly driver?: string;
  /** Default: that of the machine's kernel. */
  readonly rule?: ViabilityRule;
}

/** VFIO's drivers, by bus. */
const VFIO_DRIVERS: Readonly<Record<string, string>> = {
  platform: 'vfio-platform',
  amba: 'vfio-amba',
  'fsl-mc': 'vfio-fsl-mc',
  cdx: 'vfio-cdx',
};

/** The same devices in the machine booted optimistically. */
const inOther = ({ rule, bindings }: Asked, running: RunningMachine): Asked => ({
  running,
  rule,
  bindings: new Map([...bindings].map(([device, driver]) => [running.device(device.name), driver])),
});

const viabilityOf = (asked: Asked, optimistic: RunningMachine): Viability => {
  const answer = judge(asked);
  const devices = [...asked.bindings.keys()];
  const doubts = doubtsOf(asked.running, optimistic, devices);
  const finest = judge(inOther(asked, optimistic));
  const isSame = answer.verdict === finest.verdict && answer.errno === finest.errno;
  // What makes a device ineligible is enough; that nothing does must be known of all.
  const isOpen = doubts.some(({ code }) => code !== 'members-unknown' && code !== 'regions-unknown');
  const mayBeRefused = answer.verdict === 'viable' && doubts.some(({ code }) => code === 'regions-unknown');
  return {
    ...answer,
    certain: answer.verdict !== 'unknown' && isSame && !isOpen && !mayBeRefused,
    reasons: [...answer.reasons, ...doubts],
  };
};

const memberOf = ({ running, rule, bindings }: Asked, device: Device): ViableMember => {
  const driver = boundDriver(running, device);
  return {
    device: device.name,
    driver: driver ?? null,
    driverIsKnown: driver !== undefined,
    role: bindings.has(device) ? 'asked' : isPciDevice(device) && device.isBridge ? 'bridge' : 'other',
    inTheWay: standsInTheWay(rule, device, driver) ?? null,
    directRegions: directRegionsOf(running, device),
  };
};

const groupReport = (asked: Asked, group: Group | undefined): ViableGroup | null =>
  group
    ? {
        id: asked.running.idIsKnown(group) ? group.id : null,
        members: group.devices.map((device) => memberOf(asked, device)),
      }
    : null;

/** What else stands in the way, and would not once it is bound otherwise. */
const needsOf = (asked: Asked): ViableNeed[] => {
  const { running, rule, bindings } = asked;
  const groups = new Set([...bindings.keys()].flatMap((device) => running.iommu.groups.of(device) ?? []));
  return [...groups].flatMap(({ devices }) =>
    devices.flatMap((device): ViableNeed[] => {
      const driver = boundDriver(running, device);
      if (bindings.has(device) || standsInTheWay(rule, device, driver) === false) return [];
      const isEndpoint = isPciDevice(device) && !device.isBridge;
      return [{ device: device.name, action: isEndpoint ? 'bind' : 'unbind', from: driver ?? null }];
    }),
  );
};

/** Reasons that another binding of others takes away. */
const BY_BINDING = ['in-use', 'driver-unknown'];

/** Whether binding the others helps: nothing else is in the way, and the driver itself leaves the DMA alone. */
const canBeBound = ({ reasons }: Viability, { bindings }: Asked): boolean =>
  [...bindings.values()].every(managesDma) &&
  reasons.every(({ code, effect }) => BY_BINDING.includes(code) || (effect !== 'blocks' && effect !== 'unknown'));

/**
 * Whether devices can be passed through: each bound alone, and all of them.
 *
 * The drivers of other members stay as they are; what has to change of them is among `needs`.
 *
 * @param names - One device or more; a name given twice counts once.
 * @throws IommuError `ERR_DEVICE_UNKNOWN`
 */
export const viable = (
  { running, optimistic }: Bounds,
  names: readonly string[],
  { driver, rule = viabilityRuleOf(running.kernel) }: ViableOptions = {},
): ViableReport => {
  const devices = [...new Set(names.map((name) => running.device(name)))];
  const driverFor = ({ bus }: Device): string => driver ?? VFIO_DRIVERS[bus] ?? 'vfio-pci';
  const asking = (asked: readonly Device[]): Asked => ({
    running,
    rule,
    bindings: new Map(asked.map((device) => [device, driverFor(device)])),
  });
  const all = asking(devices);
  const together = viabilityOf(all, optimistic);
  const helps = canBeBound(together, all);
  const needs = helps ? needsOf(all) : [];
  const lost = new Set([...devices, ...needs.map((need) => running.device(need.device))]);
  const warnings = hostCritical(running, lost);
  const kept = new Set(warnings.flatMap((warning) => warning.devices));
  const { kernel, machine } = running;
  return {
    schema: 1,
    machine: { name: machine.name ?? null, kernel: kernel.release ?? null, arch: kernel.arch },
    rule,
    devices: devices.map((device): ViableDevice => {
      const group = groupReport(all, running.iommu.groups.of(device));
      return { device: device.name, driver: driverFor(device), group, ...viabilityOf(asking([device]), optimistic) };
    }),
    together: { ...together, reasons: [...together.reasons, ...warnings] },
    needs,
    setup: helps ? setupOf(running, all.bindings, needs, kept) : null,
  };
};
