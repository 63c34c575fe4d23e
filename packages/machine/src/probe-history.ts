import type { Device } from '@iommu/core';
import type { ResolvedKernel } from './kernel.js';
import { managesDma } from './kernel-drivers/manages-dma.js';
import { isToldOfDevices } from './kernel-drivers/registered-driver.js';
import type { Machine } from './machine.js';
import {
  AGP_DRIVER,
  type BridgeDriver,
  bridgeDriver,
  isForAgpDriver,
  type Probe,
  withBridges,
  withSilent,
} from './probe-order.js';

/** What is known of the probes of kernel drivers at boot. */
export interface ProbeHistory {
  /** Bridges that their driver looked at before anything else was probed, in order. */
  readonly first: readonly Device[];
  /** Devices in the order of their first probe. */
  readonly ordered: readonly Device[];
  /** Devices that were probed at some time after the first, in an order that nothing tells. */
  readonly unordered: readonly Device[];
  /** Bridges among the ordered, after other devices: they may have been probed before these. */
  readonly late: readonly Device[];
  /** Devices of which nothing tells whether they were probed; they are among the unordered. */
  readonly guessed: readonly Device[];
}

const driversOf = ({ pci, devices = [] }: Machine): ReadonlyMap<string, string | null | undefined> =>
  new Map([
    ...devices.map(({ name, driver }) => [name, driver] as const),
    ...(pci?.functions ?? []).map(({ address, driver }) => [address, driver] as const),
  ]);

/** What stands for a driver that nothing names. */
export const UNNAMED_DRIVER = 'unknown';

/** Devices that somebody gave to another driver before that of bridges was done with its own. */
const boundMeanwhile = (named: readonly Probe[], bridges: BridgeDriver): ReadonlySet<Device> => {
  const last = named.findLastIndex(({ driver }) => driver === bridges.name);
  const others = named.slice(0, last + 1).filter(({ driver }) => isToldOfDevices(driver));
  return new Set(others.map(({ device }) => device));
};

const unique = (devices: readonly Device[]): Device[] => [...new Set(devices)];

/**
 * The probes of kernel drivers at boot, as far as the description tells.
 *
 * A history that is not `complete` is filled up: one driver looks at every bridge before any module is loaded; a
 * driver looks at devices in their order, so one that said nothing of some of its devices came to them between the
 * others; a device that has another driver was probed at a time unknown, and so was a host bridge at which x86 kernels
 * look for a graphics aperture, whatever was probed for it later. Where no driver is named at all, every device is taken
 * to have been probed.
 *
 * What was probed of devices that are behind no IOMMU tells nothing of the others: these may have had to wait until the
 * IOMMU's own driver was there, and were probed once more then, in the order of their first attempts.
 *
 * @param devices - Those that get their groups so, in the order of their registration.
 * @see Linux v6.12 drivers/base/dd.c really_probe()
 */
export const probeHistory = (machine: Machine, kernel: ResolvedKernel, devices: readonly Device[]): ProbeHistory => {
  const { probes } = machine;
  const byName = new Map(devices.map((device) => [device.name, device]));
  const named = (probes?.order ?? []).flatMap(({ device: name, driver }): Probe[] => {
    const device = byName.get(name);
    return device ? [{ device, driver }] : [];
  });
  if (probes?.complete) {
    return { first: [], ordered: unique(named.map(({ device }) => device)), unordered: [], late: [], guessed: [] };
  }
  const driverOf = driversOf(machine);
  const bridges = bridgeDriver(kernel);
  // Drivers that know no devices of their own are told of each by hand, in any order; bridges have the port driver's.
  const silent = devices.filter((device) => {
    const driver = driverOf.get(device.name);
    return driver && !bridges.looksAt(device) && !managesDma(driver);
  });
  const filled = withSilent(named, silent, devices, ({ name }) => driverOf.get(name) ?? '');
  const looked = new Set(named.filter(({ driver }) => driver === AGP_DRIVER).map(({ device }) => device));
  const lookedAt =
    kernel.arch === 'x86' ? devices.filter((device) => isForAgpDriver(device) && !looked.has(device)) : [];
  const order = unique(withBridges(filled, devices, bridges)).filter((device) => !lookedAt.includes(device));
  const known = new Set(order);
  const rest = devices.filter((device) => !known.has(device));
  const nobodyLooked = !probes?.order.length && [...driverOf.values()].every((driver) => driver === undefined);
  const overtaken = boundMeanwhile(filled, bridges);
  const split = order.findIndex((device) => !bridges.looksAt(device) || overtaken.has(device));
  const start = split < 0 ? order.length : split;
  return {
    first: order.slice(0, start),
    ordered: order.slice(start),
    late: order.slice(start).filter((device) => bridges.looksAt(device)),
    unordered: nobodyLooked ? rest : rest.filter((device) => driverOf.get(device.name) || lookedAt.includes(device)),
    guessed: nobodyLooked ? rest : lookedAt,
  };
};

/** All probes of a history in an order that fits it, each with its driver as far as the description names one. */
export const probesOf = (machine: Machine, { first, ordered, unordered }: ProbeHistory): Probe[] => {
  const named = new Map((machine.probes?.order ?? []).map(({ device, driver }) => [device, driver]));
  const driverOf = driversOf(machine);
  return [...first, ...ordered, ...unordered].map((device) => ({
    device,
    driver: named.get(device.name) ?? driverOf.get(device.name) ?? UNNAMED_DRIVER,
  }));
};
