import type { Group, GroupAccess, GroupDecision } from '@iommu/core';
import { acsPath, acsVerdict, bridgeAbove } from './acs.js';
import { slotOf } from './address.js';
import { aliasBetween, type FirmwareAliases } from './dma-alias.js';
import { PcieType } from './express.js';
import { type PciBus, type PciDevice, realDmaDevice } from './pci-device.js';
import { actsAsPcieBridge } from './quirks/bridge-quirks.js';
import { PciReason } from './reasons.js';

/*
 * The rule proposed in 2025 and never merged: isolation is a matter of buses, not of paths. The first bus from the root
 * down on which devices can reach each other makes one group of everything on it and below. What has no ACS capability
 * is taken to have no way around the IOMMU inside it either.
 *
 * See "Fix incorrect iommu_groups with PCIe ACS", J. Gunthorpe, version 3 of 2025-09-05, linux-iommu list.
 */
const SOURCE = 'pci_device_group() as proposed in 2025';

/** Has ACS, and leaves open what ACS would close. What has no ACS is not suspected of anything. */
const loopsBack = (device: PciDevice): boolean => device.facts.acs !== null && !acsVerdict(device).isolated;

/**
 * Who shares a group because of a bus: `none`; `bus`, all on it and below; `bridge`, the bridge that leads to it too.
 */
const sharedOn = ({ self, devices }: PciBus): 'none' | 'bus' | 'bridge' => {
  // A root bus is believed to lead everything to the IOMMU; a virtual one is its physical function's.
  if (!self) return 'none';
  if (self.express === null) return actsAsPcieBridge(self) ? 'bus' : 'bridge';
  switch (self.express) {
    case PcieType['root-port']:
      return loopsBack(self) ? 'bridge' : 'none';
    case PcieType['downstream-port']:
      return 'none';
    case PcieType['upstream-port']:
      return devices.some((port) => !acsVerdict(port).isolated) ? 'bus' : 'none';
    case PcieType['pcie-to-pci-bridge']:
      return 'bus';
    default:
      return 'bridge';
  }
};

/** The highest bus above or around a device on which devices can reach each other. */
const sharedBus = (device: PciDevice): { readonly bus: PciBus; readonly kind: 'bus' | 'bridge' } | undefined => {
  let found: { readonly bus: PciBus; readonly kind: 'bus' | 'bridge' } | undefined;
  for (let bus: PciBus | undefined = device.pciBus; bus; bus = bus.parent) {
    const kind = sharedOn(bus);
    if (kind !== 'none') found = { bus, kind };
  }
  return found;
};

const isLoopedPeer = (a: PciDevice, b: PciDevice): boolean =>
  a.multifunction && slotOf(a.rid) === slotOf(b.rid) && loopsBack(a) && loopsBack(b);

interface Found {
  readonly group: Group;
  readonly reason: PciReason;
}

/** The reason that joins two functions of one bus, if there is one. */
const jointOf = (
  subject: PciDevice,
  one: PciDevice,
  other: PciDevice,
  firmware: FirmwareAliases | undefined,
): PciReason | undefined => {
  const alias = aliasBetween(one, other, firmware);
  if (alias) return new PciReason('alias-partner', subject, other, SOURCE, [], { aliases: [alias] });
  if (!isLoopedPeer(one, other)) return undefined;
  return new PciReason('multifunction-without-acs', subject, other, SOURCE, [acsVerdict(one), acsVerdict(other)]);
};

/** The first device with a group that is joined with this one by a chain of aliases and of functions that loop back. */
const joined = (device: PciDevice, groups: GroupAccess, firmware: FirmwareAliases | undefined): Found | undefined => {
  const reached = [device];
  for (const one of reached) {
    for (const other of one.pciBus.devices) {
      const reason = reached.includes(other) ? undefined : jointOf(device, one, other, firmware);
      const group = reason && groups.get(other);
      if (group) return { group, reason };
      if (reason) reached.push(other);
    }
  }
  return undefined;
};

/** The group of whoever is on the shared bus already. */
const onSharedBus = (subject: PciDevice, device: PciDevice, groups: GroupAccess): Found | undefined => {
  const shared = sharedBus(device);
  if (!shared) return undefined;
  const { bus, kind } = shared;
  const members = kind === 'bridge' && bus.self ? [bus.self, ...bus.devices] : bus.devices;
  for (const member of members) {
    const group = groups.get(member);
    if (!group) continue;
    const verdicts = members.map(acsVerdict).filter(({ isolated }) => !isolated);
    return { group, reason: new PciReason('bus-not-isolated', subject, member, SOURCE, verdicts) };
  }
  return undefined;
};

/** The group of a device under the rule proposed in 2025. Bridges must be grouped before what is behind them. */
export const pciDeviceGroup2025 = (
  subject: PciDevice,
  groups: GroupAccess,
  firmware: FirmwareAliases | undefined,
): GroupDecision => {
  const device = realDmaDevice(subject);
  const hosted = groups.get(device);
  if (hosted) return { group: hosted, reasons: [new PciReason('same-dma-device', subject, device, SOURCE)] };
  const found = onSharedBus(subject, device, groups) ?? joined(device, groups, firmware);
  if (found) return { group: found.group, reasons: [found.reason] };
  const bridge = bridgeAbove(device);
  const reason = new PciReason('isolated', subject, device, SOURCE, bridge && acsPath(bridge).verdicts);
  return { group: groups.alloc(), reasons: [reason] };
};
