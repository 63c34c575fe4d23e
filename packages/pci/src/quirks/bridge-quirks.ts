import { PcieType } from '../express.js';
import type { PciDevice } from '../pci-device.js';

/** Vendor and device id in one number, with the mainline release that added the row; releases unverified unless stated. */
type Rows = ReadonlyMap<number, string>;

const has = (rows: Rows, { facts, topology }: PciDevice): boolean => {
  const since = rows.get((facts.vendor ?? 0) * 0x10000 + (facts.device ?? 0));
  return since !== undefined && topology.settings.kernel.has(since);
};

/** Conventional in their registers, PCI Express in their behaviour. */
const PCIE_BRIDGE_ALIAS: Rows = new Map([
  [0x1b211080, '3.16'], // ASMedia ASM1083/1085
  [0x10e38113, '3.16'], // Tundra 8113
  [0x12838892, '3.16'], // ITE 8892
  [0x12838893, '4.12'], // ITE 8893
  [0x8086244e, '3.16'], // Intel 82801
]);

/** The translation happens at this root bridge: nothing above it takes part. */
const XLATE_ROOT: Rows = new Map([
  [0x14e49000, '4.12'], // Broadcom Vulcan
  [0x14e49084, '4.12'], // Cavium ThunderX2
]);

/** A PCIe-to-PCI bridge that passes requester ids through. */
const NO_ALIAS: Rows = new Map([
  [0x1a031150, '7.0'], // ASPEED AST1150; stated
]);

/**
 * Whether a bridge without the PCI Express capability takes over requester ids as a PCIe-to-PCI bridge does.
 *
 * @see Linux v7.0 drivers/pci/quirks.c quirk_use_pcie_bridge_dma_alias()
 */
export const actsAsPcieBridge = (bridge: PciDevice): boolean => {
  const above = bridge.pciBus.self?.express;
  return (
    has(PCIE_BRIDGE_ALIAS, bridge) &&
    bridge.facts.headerType === 1 &&
    bridge.express === null &&
    typeof above === 'number' &&
    above !== PcieType['pcie-to-pci-bridge']
  );
};

/** @see Linux v7.0 drivers/pci/quirks.c quirk_bridge_cavm_thrx2_pcie_root() */
export const endsAliasWalk = (bridge: PciDevice): boolean => has(XLATE_ROOT, bridge);

/** @see Linux v7.0 drivers/pci/quirks.c quirk_aspeed_pci_bridge_no_alias() */
export const passesRequesterIds = (bridge: PciDevice): boolean => has(NO_ALIAS, bridge);
