import { PcieType } from './express.js';
import { type PciBus, type PciDevice, realDmaDevice } from './pci-device.js';
import { actsAsPcieBridge, endsAliasWalk, passesRequesterIds } from './quirks/bridge-quirks.js';

/** Further function numbers on its own bus that a device's DMA may carry, as firmware says (IVRS). */
export type FirmwareAliases = (device: PciDevice) => readonly number[];

/** How a requester id came to stand for a device: its own, one of a quirk or of firmware, or one that a bridge puts on. */
export type AliasKind = 'own' | 'alias' | 'bridge';

/**
 * Visit every requester id that a device's DMA may carry when it arrives at the IOMMU, until one visit returns
 * something.
 *
 * @param visit - Called with the device that puts the id on, and the id.
 * @returns What the last visit returned.
 * @see Linux v7.0 drivers/pci/search.c pci_for_each_dma_alias()
 */
export const forEachDmaAlias = <T>(
  of: PciDevice,
  visit: (device: PciDevice, rid: number, kind: AliasKind) => T | undefined,
  firmware?: FirmwareAliases,
): T | undefined => {
  const device = realDmaDevice(of);
  const own = visit(device, device.rid, 'own');
  if (own !== undefined) return own;
  for (const devfn of aliasesOf(device, firmware)) {
    const result = visit(device, (device.rid & 0xff00) | devfn, 'alias');
    if (result !== undefined) return result;
  }
  for (let bus: PciBus = device.pciBus; bus.parent; bus = bus.parent) {
    const bridge = bus.self;
    if (!bridge) continue;
    if (endsAliasWalk(bridge)) return undefined;
    const rid = bridgeRequesterId(bridge, bus);
    const result = rid === undefined ? undefined : visit(bridge, rid, 'bridge');
    if (result !== undefined) return result;
  }
  return undefined;
};

/** Every function number of its own bus that a device's DMA may carry besides its own, ascending. */
export const aliasesOf = (device: PciDevice, firmware?: FirmwareAliases): readonly number[] => {
  const stated = firmware?.(device) ?? [];
  if (stated.length === 0) return device.aliases;
  return [...new Set([...device.aliases, ...stated])].sort((a, b) => a - b);
};

/** DMA of a function that may carry the requester id of another place on its bus. */
export interface AliasUse {
  /** Whose DMA it is; the place whose requester id it may carry is `devfn` on the same bus. */
  readonly device: PciDevice;
  /** Bits 7:0 of that requester id. */
  readonly devfn: number;
  /** Who says so: the kernel's table of quirks, or a table of the firmware. */
  readonly by: 'quirk' | 'firmware';
}

/** Who of two uses the requester id of the other, if either does. */
export const aliasBetween = (
  a: PciDevice,
  b: PciDevice,
  firmware: FirmwareAliases | undefined,
): AliasUse | undefined => {
  const use = (device: PciDevice, { devfn }: PciDevice): AliasUse => ({
    device,
    devfn,
    by: device.aliases.includes(devfn) ? 'quirk' : 'firmware',
  });
  if (aliasesOf(a, firmware).includes(b.devfn)) return use(a, b);
  return aliasesOf(b, firmware).includes(a.devfn) ? use(b, a) : undefined;
};

/** The requester id that a bridge puts on what comes from the bus behind it; `undefined`: it passes ids through. */
const bridgeRequesterId = (bridge: PciDevice, behind: PciBus): number | undefined => {
  const { express } = bridge;
  if (express === undefined) return bridge.topology.settings.unknown === 'optimistic' ? undefined : bridge.rid;
  const secondary = behind.number << 8;
  if (express === PcieType['pcie-to-pci-bridge']) return passesRequesterIds(bridge) ? undefined : secondary;
  if (express === PcieType['pci-to-pcie-bridge']) return bridge.rid;
  if (express !== null) return undefined;
  return actsAsPcieBridge(bridge) ? secondary : bridge.rid;
};
