import type { Group, GroupAccess, GroupDecision } from '@iommu/core';
import { type AcsVerdict, acsPath, acsVerdict, bridgeAbove } from './acs.js';
import { slotOf } from './address.js';
import { type AliasUse, aliasBetween, aliasesOf, type FirmwareAliases, forEachDmaAlias } from './dma-alias.js';
import type { PciDevice } from './pci-device.js';
import { pciDeviceGroup2025 } from './pci-device-group-2025.js';
import { pciDeviceGroupV36 } from './pci-device-group-v3.6.js';
import { PciReason, type StandIn } from './reasons.js';

/** What the rule for PCI must be told by a driver. */
export interface PciGroupOptions {
  /** Requester ids that firmware tables add (IVRS). */
  readonly aliasesOf?: FirmwareAliases;
}

/** @internal One grouping of one device: what is known, and the search's state. */
interface GroupSearch {
  readonly subject: PciDevice;
  readonly groups: GroupAccess;
  readonly firmware: FirmwareAliases | undefined;
}

/** @internal A group found, with the step that found it. */
interface FoundGroup {
  readonly group: Group;
  readonly reason: PciReason;
}

const SOURCE = 'pci_device_group()';

/**
 * The group of a PCI device: that of whatever the IOMMU cannot tell it apart from, or a new one.
 *
 * Looks only at groups that exist, so bridges must be grouped before what is behind them; groups are never joined
 * afterwards. The rule is that of the topology's kernel: 3.6 to 3.16, 3.17, or everything since 3.18; or one that was only proposed.
 *
 * @param groups - As given to the driver's `deviceGroup()`.
 * @returns The decision; its group carries one reference of the caller's.
 * @see Linux v7.0 drivers/iommu/iommu.c pci_device_group()
 */
export const pciDeviceGroup = (
  device: PciDevice,
  groups: GroupAccess,
  { aliasesOf: firmware }: PciGroupOptions = {},
): GroupDecision => {
  const rule = device.topology.settings.kernel.rule('pci-group');
  if (rule === 'v3.6') return pciDeviceGroupV36(device, groups);
  if (rule === 'reachability-2025') return pciDeviceGroup2025(device, groups, firmware);
  const search: GroupSearch = { subject: device, groups, firmware };
  const walk = walkAliases(search);
  if ('group' in walk) return { group: walk.group, reasons: [walk.reason] };
  const last = climb(search, walk.last);
  const found = last.found ?? besides(search, last.device, rule);
  if (!found) return { group: groups.alloc(), reasons: [alone(device, last)] };
  return { group: found.group, reasons: [last.found ? found.reason : forStandIn(found.reason, last)] };
};

/** Where the way up ended: at the device itself, or at one that stands for it. */
interface Climbed {
  readonly device: PciDevice;
  /** Of the last bridge that was climbed to, and those above; `undefined`: none was. */
  readonly verdicts: readonly AcsVerdict[] | undefined;
  readonly found?: FoundGroup;
}

const standInOf = (subject: PciDevice, { device, verdicts }: Climbed): StandIn | undefined => {
  if (device === subject) return undefined;
  return { device, by: verdicts ? 'acs' : 'alias', verdicts: verdicts ?? [] };
};

/** What was found beside a bridge holds for what is below it. */
const forStandIn = (reason: PciReason, climbed: Climbed): PciReason => {
  const standIn = standInOf(reason.subject, climbed);
  if (!standIn) return reason;
  const { rule, subject, other, source, verdicts, aliases } = reason;
  return new PciReason(rule, subject, other, source, verdicts, { aliases, standIn });
};

/** The bridges above that isolate it; of one of several functions also that it does so itself. */
const alone = (device: PciDevice, climbed: Climbed): PciReason => {
  const last = climbed.device;
  const path = bridgeAbove(last);
  const own = last.multifunction ? acsVerdict(last) : undefined;
  const weighed = path && acsPath(path).verdicts;
  const verdicts = own?.isolated && own.unknown === undefined ? [own].concat(weighed ?? []) : weighed;
  const standIn = standInOf(device, climbed);
  return new PciReason('isolated', device, last, SOURCE, verdicts, standIn && { standIn });
};

/** Alias step: the group of any device whose requester id the DMA may carry; else the last such device. */
const walkAliases = ({ subject, groups, firmware }: GroupSearch): FoundGroup | { readonly last: PciDevice } => {
  let last = subject;
  const found = forEachDmaAlias<FoundGroup>(
    subject,
    (device) => {
      last = device;
      const group = groups.get(device);
      if (!group) return undefined;
      const rule = device.segment === subject.segment ? 'dma-alias' : 'same-dma-device';
      return { group, reason: new PciReason(rule, subject, device, 'get_pci_alias_or_group()') };
    },
    firmware,
  );
  return found ?? { last };
};

/** Upstream step: up past bridges until the way from there to the root bus isolates; the group of any on the way. */
const climb = ({ subject, groups }: GroupSearch, from: PciDevice): Climbed => {
  let device = from;
  let verdicts: Climbed['verdicts'];
  for (let bridge = bridgeAbove(device); bridge; bridge = bridgeAbove(bridge)) {
    const path = acsPath(bridge);
    if (!path.failing) break;
    device = bridge;
    verdicts = path.verdicts;
    const group = groups.get(bridge);
    if (group) {
      const reason = new PciReason('acs-missing-upstream', subject, bridge, SOURCE, verdicts);
      return { device, verdicts, found: { group, reason } };
    }
  }
  return { device, verdicts };
};

/** Beside step: alias partners on the bus, and functions of the same device that do not isolate. */
const besides = (search: GroupSearch, device: PciDevice, rule: string | undefined): FoundGroup | undefined => {
  if (rule === 'v3.17') return busWithAlias(search, device) ?? peerFunction(search, device);
  if (!search.firmware && !device.pciBus.hasAliases && isApart(device)) return ownGroup(search, device);
  const visited = new Set<number>();
  return aliasGroup(search, device, visited) ?? functionGroup(search, device, visited);
};

/** Whether nothing beside a device matters: it is the only function, or isolates. */
const isApart = (device: PciDevice): boolean => !device.multifunction || acsVerdict(device).isolated;

const ownGroup = ({ subject, groups }: GroupSearch, device: PciDevice): FoundGroup | undefined => {
  const group = groups.get(device);
  return group && { group, reason: new PciReason('alias-partner', subject, device, 'get_pci_alias_group()') };
};

const otherFunctions = (device: PciDevice): readonly PciDevice[] =>
  device.pciBus.devices.filter((other) => other !== device && slotOf(other.rid) === slotOf(device.rid));

/** What was found by way of an alias. */
const byAlias = ({ group, reason }: FoundGroup, alias: AliasUse): FoundGroup => {
  const { rule, subject, other, source, verdicts, aliases } = reason;
  return { group, reason: new PciReason(rule, subject, other, source, verdicts, { aliases: [alias, ...aliases] }) };
};

/** @see Linux v7.0 drivers/iommu/iommu.c get_pci_alias_group() */
const aliasGroup = (search: GroupSearch, device: PciDevice, visited: Set<number>): FoundGroup | undefined => {
  if (visited.has(device.devfn)) return undefined;
  visited.add(device.devfn);
  const own = ownGroup(search, device);
  if (own) return own;
  const { firmware } = search;
  if (!firmware && !device.pciBus.hasAliases) return undefined;
  for (const other of device.pciBus.devices) {
    const alias = other === device ? undefined : aliasBetween(device, other, firmware);
    if (!alias) continue;
    const found = aliasGroup(search, other, visited) ?? functionGroup(search, other, visited);
    if (found) return byAlias(found, alias);
  }
  return undefined;
};

/** @see Linux v7.0 drivers/iommu/iommu.c get_pci_function_alias_group() */
const functionGroup = (search: GroupSearch, device: PciDevice, visited: Set<number>): FoundGroup | undefined => {
  if (isApart(device)) return undefined;
  const own = acsVerdict(device);
  for (const other of otherFunctions(device)) {
    const verdict = acsVerdict(other);
    if (verdict.isolated) continue;
    const found = aliasGroup(search, other, visited);
    if (!found) continue;
    const { other: joined, aliases } = found.reason;
    return { group: found.group, reason: peerReason(search.subject, joined, [own, verdict], aliases) };
  }
  return undefined;
};

const peerReason = (
  subject: PciDevice,
  other: PciDevice,
  verdicts: readonly AcsVerdict[],
  aliases: readonly AliasUse[] = [],
): PciReason =>
  new PciReason('multifunction-without-acs', subject, other, 'get_pci_function_alias_group()', verdicts, { aliases });

/** Release 3.17 only: one alias quirk on a bus joins all that is on it. @see Linux v3.17 drivers/iommu/iommu.c iommu_group_get_for_pci_dev() */
const busWithAlias = ({ subject, groups, firmware }: GroupSearch, device: PciDevice): FoundGroup | undefined => {
  const { hasAliases, devices } = device.pciBus;
  if (!hasAliases && !devices.some((other) => aliasesOf(other, firmware).length > 0)) return undefined;
  for (const other of devices) {
    const group = groups.get(other);
    if (group)
      return { group, reason: new PciReason('bus-with-alias', subject, other, 'iommu_group_get_for_pci_dev()') };
  }
  return undefined;
};

/** Release 3.17: the group of any function of the device that does not isolate either. */
const peerFunction = ({ subject, groups }: GroupSearch, device: PciDevice): FoundGroup | undefined => {
  if (isApart(device)) return undefined;
  const own = acsVerdict(device);
  for (const other of otherFunctions(device)) {
    const verdict = acsVerdict(other);
    const group = verdict.isolated ? undefined : groups.get(other);
    if (group) return { group, reason: peerReason(subject, other, [own, verdict]) };
  }
  return undefined;
};
