import type { Device, Kernel } from '@iommu/core';
import { isPciDevice } from '@iommu/pci';
import { hasPortDriver, PORT_DRIVER } from './kernel-drivers/registered-driver.js';

/** One probe of a history. */
export interface Probe {
  readonly device: Device;
  readonly driver: string;
}

const PCI_BRIDGE = 0x0604;
const EVENT_COLLECTOR = 0x0807;
const HOST_BRIDGE = 0x060000;
/** The one of its host bridges that virtual machines have: QEMU's q35 is a G33. */
const INTEL_G33 = { vendor: 0x8086, device: 0x29c0 };

/** A driver that is built into the kernel and looks at bridges, whether it takes them or not. */
export interface BridgeDriver {
  readonly name: string;
  looksAt(device: Device): boolean;
}

const classOf = (device: Device): number => (isPciDevice(device) && device.facts.classCode) || 0;

/** @see Linux v7.0 drivers/pci/pcie/portdrv.c port_pci_ids */
const FOR_PORTS: BridgeDriver = {
  name: PORT_DRIVER,
  looksAt(device) {
    const code = classOf(device);
    return code >>> 8 === EVENT_COLLECTOR || (code >>> 8 === PCI_BRIDGE && (code & 0xff) <= 1);
  },
};

/**
 * For standard hot-plug controllers. Kernels of distributions have it built in, which is supposed of any.
 *
 * @see Linux v6.1 drivers/pci/hotplug/shpchp_core.c shpcd_pci_tbl
 */
const FOR_HOT_PLUG: BridgeDriver = {
  name: 'shpchp',
  looksAt: (device) => classOf(device) === PCI_BRIDGE << 8,
};

/** The one that comes to bridges first: with `pcie_ports=compat` there is no port driver. */
export const bridgeDriver = (kernel: Kernel): BridgeDriver => (hasPortDriver(kernel) ? FOR_PORTS : FOR_HOT_PLUG);

/** By which name the driver for graphics apertures of Intel's host bridges speaks in the log. */
export const AGP_DRIVER = 'agpgart-intel';

/**
 * What that driver looks at, without a word where there is no aperture. Kernels of distributions for x86 hold it.
 *
 * @see Linux v6.12 drivers/char/agp/intel-agp.c agp_intel_pci_table
 */
export const isForAgpDriver = (device: Device): boolean =>
  isPciDevice(device) &&
  device.facts.classCode === HOST_BRIDGE &&
  device.facts.vendor === INTEL_G33.vendor &&
  device.facts.device === INTEL_G33.device;

/** Things to be put in before places of a list. */
class Insertions<T> {
  readonly #before = new Map<number, T[]>();

  add(at: number, ...things: readonly T[]): void {
    this.#before.set(at, [...(this.#before.get(at) ?? []), ...things]);
  }

  into(list: readonly T[]): T[] {
    const whole = list.flatMap((one, at) => [...(this.#before.get(at) ?? []), one]);
    return [...whole, ...(this.#before.get(list.length) ?? [])];
  }
}

/**
 * Put in the bridges of which a history does not say when their driver came to them. It looks at devices in their order:
 * so no later than the history's first word of the bridge itself, and before the bridges that follow; for those behind the
 * last of its own words, right after that.
 */
export const withBridges = (named: readonly Probe[], devices: readonly Device[], bridges: BridgeDriver): Device[] => {
  const first = new Map<Device, number>();
  const ported = new Map<Device, number>();
  for (const [at, { device, driver }] of named.entries()) {
    if (!first.has(device)) first.set(device, at);
    if (driver === bridges.name) ported.set(device, at);
  }
  const places: [at: number, bridge: Device][] = [];
  let limit = Math.max(-1, ...ported.values()) + 1;
  for (const device of devices.filter((one) => bridges.looksAt(one)).reverse()) {
    limit = Math.min(limit, first.get(device) ?? limit);
    if (!ported.has(device)) places.unshift([limit, device]);
  }
  const insertions = new Insertions<Device>();
  for (const [at, bridge] of places) insertions.add(at, bridge);
  return insertions.into(named.map(({ device }) => device));
};

/**
 * Put in devices of which a driver said nothing, although it did of others: it looks at devices in their order when it
 * starts. Nothing is put in for a driver whose words are in another order.
 *
 * @param silent - Devices, in the order of their registration.
 */
export const withSilent = (
  named: readonly Probe[],
  silent: readonly Device[],
  devices: readonly Device[],
  driverOf: (device: Device) => string,
): Probe[] => {
  const rank = new Map(devices.map((device, at) => [device, at]));
  const rankOf = (device: Device): number => rank.get(device) ?? 0;
  const mentioned = new Set(named.map(({ device }) => device));
  const insertions = new Insertions<Probe>();
  for (const device of silent.filter((one) => !mentioned.has(one))) {
    const driver = driverOf(device);
    const own = [...named.entries()].filter(([, probe]) => probe.driver === driver);
    const inOrder = own.every(
      ([, probe], at) => at === 0 || rankOf(own[at - 1]?.[1].device ?? device) < rankOf(probe.device),
    );
    const last = own.at(-1)?.[0];
    if (last === undefined || !inOrder) continue;
    const next = own.find(([, probe]) => rankOf(probe.device) > rankOf(device))?.[0];
    insertions.add(next ?? last + 1, { device, driver });
  }
  return insertions.into(named);
};
