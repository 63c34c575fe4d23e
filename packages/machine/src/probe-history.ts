import type { Device } from '@iommu/core';
import { isPciDevice, type PciDevice } from '@iommu/pci';
import type { ResolvedKernel } from './kernel.js';
import type { Machine } from './machine.js';

/** What is known of the probes of kernel drivers at boot. */
export interface ProbeHistory {
  /** Devices in the order of their first probe. */
  readonly ordered: readonly Device[];
  /** Devices that were probed at some later time, in an order that nothing tells. */
  readonly unordered: readonly Device[];
  /** Devices of which nothing tells whether they were probed; they are among the unordered. */
  readonly guessed: readonly Device[];
}

const PORT_DRIVER = 'pcieport';
const PCI_BRIDGE = 0x0604;
const EVENT_COLLECTOR = 0x0807;

/** What the port driver looks at, whether it takes it or not. @see Linux v7.0 drivers/pci/pcie/portdrv.c port_pci_ids */
const isForPortDriver = (device: Device): device is PciDevice => {
  if (!isPciDevice(device) || device.facts.classCode === undefined) return false;
  const kind = device.facts.classCode >>> 8;
  return kind === EVENT_COLLECTOR || (kind === PCI_BRIDGE && (device.facts.classCode & 0xff) <= 1);
};

/**
 * Put in the bridges of which a history does not say when the port driver came to them. It is part of every kernel and
 * looks at devices in their order: so no later than the history's first word of the bridge itself, and before the bridges
 * that follow; for those behind the last of its own words, right after that.
 */
const withBridges = (named: readonly Probe[], devices: readonly Device[]): Device[] => {
  const first = new Map<Device, number>();
  const ported = new Map<Device, number>();
  for (const [at, { device, driver }] of named.entries()) {
    if (!first.has(device)) first.set(device, at);
    if (driver === PORT_DRIVER) ported.set(device, at);
  }
  const before = new Map<number, Device[]>();
  let limit = Math.max(-1, ...ported.values()) + 1;
  for (const device of devices.filter(isForPortDriver).reverse()) {
    limit = Math.min(limit, first.get(device) ?? limit);
    if (!ported.has(device)) before.set(limit, [device, ...(before.get(limit) ?? [])]);
  }
  const order = named.flatMap(({ device }, at) => [...(before.get(at) ?? []), device]);
  return [...order, ...(before.get(named.length) ?? [])];
};

interface Probe {
  readonly device: Device;
  readonly driver: string;
}

/**
 * The probes of kernel drivers at boot, as far as the description tells.
 *
 * A history that is not `complete` is filled up: the port driver looks at every bridge before any module is loaded, and
 * a device that has a driver was probed at a time unknown. Where no driver is named at all, every device is taken to have
 * been probed.
 *
 * @param devices - All, in the order of their registration.
 * @see Linux v6.12 drivers/base/dd.c really_probe()
 */
export const probeHistory = (
  { probes, pci, devices: described = [] }: Machine,
  kernel: ResolvedKernel,
  devices: readonly Device[],
): ProbeHistory => {
  const byName = new Map(devices.map((device) => [device.name, device]));
  const named = (probes?.order ?? []).flatMap(({ device: name, driver }) => {
    const device = byName.get(name);
    return device ? [{ device, driver }] : [];
  });
  if (probes?.complete) return { ordered: unique(named.map(({ device }) => device)), unordered: [], guessed: [] };
  const noPortDriver = kernel.commandLine.some(({ name, value }) => name === 'pcie_ports' && value === 'compat');
  const ordered = unique(noPortDriver ? named.map(({ device }) => device) : withBridges(named, devices));
  const driverOf = new Map<string, string | null | undefined>([
    ...described.map(({ name, driver }) => [name, driver] as const),
    ...(pci?.functions ?? []).map(({ address, driver }) => [address, driver] as const),
  ]);
  const known = new Set(ordered);
  const rest = devices.filter((device) => !known.has(device));
  const nobodyLooked = named.length === 0 && [...driverOf.values()].every((driver) => driver === undefined);
  const unordered = nobodyLooked ? rest : rest.filter(({ name }) => driverOf.get(name));
  return { ordered, unordered, guessed: nobodyLooked ? rest : [] };
};

const unique = (devices: readonly Device[]): Device[] => [...new Set(devices)];
