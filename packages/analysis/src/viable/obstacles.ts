import { type Device, type Errno, formatReservedRegion, type Group } from '@iommu/core';
import { managesDma, type RunningMachine, refusalOf } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { isUnknown } from '../why-none/remedies.js';
import { boundDriver } from './bound-driver.js';
import {
  type BoundDriverName,
  CLAIM_REFUSED,
  isVfioDriver,
  standsInTheWay,
  type ViabilityRule,
} from './viability-rule.js';
import type { Viability, ViableReason } from './viable-report.js';

/** What is asked of one machine: these devices, each bound to a driver. */
export interface Asked {
  readonly running: RunningMachine;
  readonly rule: ViabilityRule;
  readonly bindings: ReadonlyMap<Device, string>;
}

/** Something in the way, and what returns which errno because of it. */
interface Obstacle {
  readonly reason: ViableReason;
  readonly errno?: Errno;
  readonly by?: NonNullable<Viability['refusedBy']>;
}

const driverIn = ({ running, bindings }: Asked, device: Device): BoundDriverName =>
  bindings.get(device) ?? boundDriver(running, device);

/** Lines of the regions of a device that must stay mapped one to one. */
export const directRegionsOf = ({ iommu }: RunningMachine, device: Device): string[] =>
  iommu
    .reservedRegionsOf(device)
    .filter(({ type }) => type === 'direct')
    .map(formatReservedRegion);

const blocks = (code: string, devices: readonly Device[], text: string): ViableReason => ({
  code,
  effect: 'blocks',
  devices: devices.map(({ name }) => name),
  text,
});

/** Before the group is claimed: the driver's own probe. */
const probeObstacle = ({ running }: Asked, device: Device, driver: string): Obstacle | undefined => {
  const hasGroup = running.iommu.groups.of(device) !== undefined;
  if (!hasGroup) {
    const [why] = running.outcomeOf(device).reasons;
    const text = `${device.name} has no group. ${why?.text ?? ''}`.trim();
    // A kernel that groups at a driver's probe will do so when this driver is.
    if (why?.rule === 'waits-for-driver')
      return { reason: { ...blocks('group-waits-for-driver', [device], text), effect: 'unknown' } };
    // What is missing from the input, not from the machine.
    if (why && isUnknown(why.rule))
      return { reason: { ...blocks('group-unknown', [device], text), effect: 'unknown' } };
    return { reason: blocks('no-group', [device], text), errno: 'EINVAL', by: 'driver-probe' };
  }
  if (!isPciDevice(device)) return undefined;
  const errno = refusalOf(driver, device, { hasGroup, vfs: 0, isDescribed: false });
  if (!errno) return undefined;
  const what = device.isBridge ? 'is a bridge: it stays with the host' : 'is of a kind that the driver refuses';
  return { reason: blocks('driver-refuses', [device], `${device.name} ${what}.`), errno, by: 'driver-probe' };
};

/** What a member's driver does to the claim. */
const useObstacle = (asked: Asked, device: Device): Obstacle | undefined => {
  const { rule } = asked;
  const driver = driverIn(asked, device);
  const stands = standsInTheWay(rule, device, driver);
  if (stands === false) return undefined;
  if (stands === undefined) {
    const text = `What ${device.name} is bound to is not in the input.`;
    return { reason: { ...blocks('driver-unknown', [device], text), effect: 'unknown' } };
  }
  const why = rule === 'owner' ? 'which uses its DMA for the host' : 'which is not on the list of VFIO';
  const verb = asked.bindings.has(device) ? 'would be' : 'is';
  const text = `${device.name} ${verb} bound to ${driver}, ${why}.`;
  return { reason: blocks('in-use', [device], text), errno: CLAIM_REFUSED[rule], by: 'claim' };
};

/**
 * A member whose firmware demands a direct mapping refuses the domain that blocks all DMA, which a claim attaches first.
 *
 * @see Linux v7.0 drivers/iommu/iommu.c __iommu_take_dma_ownership(), __iommu_device_set_domain()
 */
const directObstacle = ({ running, rule }: Asked, device: Device): Obstacle | undefined => {
  const regions = directRegionsOf(running, device);
  if (regions.length === 0) return undefined;
  // Of a line only the addresses.
  const addresses = regions.map((line) => line.split(' ').slice(0, 2).join('-'));
  const text = `The firmware demands that ${addresses.join(', ')} stays mapped for ${device.name}.`;
  if (rule === 'owner') return { reason: blocks('direct-region', [device], text), errno: 'EINVAL', by: 'claim' };
  const older = `${text} How this kernel takes that is not modelled; since 5.19 it refuses.`;
  return { reason: { ...blocks('direct-region', [device], older), effect: 'unknown' } };
};

/** A driver that leaves the group to VFIO need not be VFIO's. */
const noVfio = ({ bindings }: Asked): ViableReason[] =>
  [...bindings].flatMap(([device, driver]) => {
    if (isVfioDriver(driver) || !managesDma(driver)) return [];
    const text = `${driver} keeps ${device.name} from the host, and passes nothing through: that takes a driver of VFIO.`;
    return [{ code: 'no-vfio-driver', effect: 'warning', devices: [device.name], text }];
  });

const groupsOf = ({ running, bindings }: Asked): Group[] => [
  ...new Set([...bindings.keys()].flatMap((device) => running.iommu.groups.of(device) ?? [])),
];

/** The first obstacle with an errno is the one that the kernel meets first: probes, then users of DMA, then regions. */
const obstacles = (asked: Asked): Obstacle[] => {
  const members = groupsOf(asked).flatMap(({ devices }) => devices);
  return [
    ...[...asked.bindings].flatMap(([device, driver]) => probeObstacle(asked, device, driver) ?? []),
    ...members.flatMap((device) => useObstacle(asked, device) ?? []),
    ...members.flatMap((device) => directObstacle(asked, device) ?? []),
  ];
};

/** What the machine answers, as far as it is described; what is missing from the description is not weighed here. */
export const judge = (asked: Asked): Omit<Viability, 'certain'> => {
  const found = obstacles(asked);
  const reasons = [...found.map(({ reason }) => reason), ...noVfio(asked)];
  const blocked = found.find(({ reason }) => reason.effect === 'blocks');
  // What is not known may come before a refusal that is sure, and be another one: unless both are users of the DMA.
  const before = found.slice(0, blocked && found.indexOf(blocked)).map(({ reason }) => reason.code);
  const isSure = blocked && before.every((code) => code === 'driver-unknown' && blocked.reason.code === 'in-use');
  return {
    verdict: blocked ? 'not-viable' : reasons.some(({ effect }) => effect === 'unknown') ? 'unknown' : 'viable',
    errno: (isSure && blocked.errno) || null,
    refusedBy: (isSure && blocked.by) || null,
    reasons,
  };
};
