import type { GroupAccess, GroupDecision } from '@iommu/core';
import { acsPath, acsVerdict, bridgeAbove } from './acs.js';
import { slotOf } from './address.js';
import { isPciePort, type PciDevice } from './pci-device.js';
import { PciReason } from './reasons.js';

const SOURCE = 'intel_iommu_add_device()';

/**
 * The bridge at which a conventional device's requests enter PCI Express; on a conventional machine the highest. A
 * conventional device right below a port is on its own.
 *
 * @see Linux v3.6 drivers/pci/search.c pci_find_upstream_pcie_bridge()
 */
const upstreamBridge = (device: PciDevice): PciDevice | undefined => {
  if (device.express !== null && device.express !== undefined) return undefined;
  let found: PciDevice | undefined;
  for (let bridge = bridgeAbove(device); bridge; bridge = bridgeAbove(bridge)) {
    if (isPciePort(bridge.express)) return undefined;
    found = bridge;
    if (bridge.express !== null) break;
  }
  return found;
};

/** The device whose requester id stands for the one given. */
const requester = (device: PciDevice): PciDevice => {
  const bridge = upstreamBridge(device);
  let stand = bridge ?? device;
  if (bridge?.subordinate && bridge.express !== null) {
    stand = bridge.topology.at(bridge.segment, bridge.subordinate.number << 8) ?? bridge;
  }
  const [alias] = stand.aliases;
  return alias === undefined ? stand : (stand.topology.neighbour(stand, alias) ?? stand);
};

/**
 * The rule of Linux 3.6 to 3.16, as VT-d applied it: one device stands for all that share a requester id, function 0
 * for a device whose functions do not isolate, and the lowest bridge of a way that does not isolate for what is below.
 *
 * @see Linux v3.6 drivers/iommu/intel-iommu.c intel_iommu_add_device()
 */
export const pciDeviceGroupV36 = (device: PciDevice, groups: GroupAccess): GroupDecision => {
  let stand = requester(device);
  let reason = new PciReason(stand === device ? 'isolated' : 'dma-alias', device, stand, SOURCE);
  const own = acsVerdict(stand);
  if (stand.multifunction && !own.isolated) {
    const first = stand.topology.neighbour(stand, slotOf(stand.rid) << 3);
    if (first && first !== stand) {
      stand = first;
      reason = new PciReason('multifunction-without-acs', device, first, SOURCE, [own]);
    }
  }
  for (let bridge = bridgeAbove(stand); bridge; bridge = bridgeAbove(bridge)) {
    const path = acsPath(bridge);
    if (!path.failing) break;
    stand = bridge;
    reason = new PciReason('acs-missing-upstream', device, bridge, SOURCE, path.verdicts);
  }
  const bridge = reason.rule === 'isolated' ? bridgeAbove(stand) : undefined;
  if (bridge) reason = new PciReason('isolated', device, stand, SOURCE, acsPath(bridge).verdicts);
  return { group: groups.get(stand) ?? groups.alloc(), reasons: [reason] };
};
