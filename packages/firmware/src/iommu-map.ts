import type { DeviceTree, DeviceTreeNode } from './device-tree.js';
import { firstCell } from './node-properties.js';

/** What `iommu-map` makes of a requester id: the node of an IOMMU, and the id that arrives there. */
export type MappedRequesterId =
  | { readonly target: DeviceTreeNode; readonly id: number }
  /** `no-property`: nothing is translated. `no-entry`: this id is not. `invalid`: the property contradicts itself. */
  | { readonly failure: 'no-property' | 'no-entry' | 'invalid' };

const CELLS_PER_ENTRY = 4;
const BYTES_PER_ENTRY = 16;

/**
 * Put a requester id through a host bridge's `iommu-map`: entries of id base, unit, output base and length, tried in
 * order on the id as `iommu-map-mask` leaves it.
 *
 * @see Linux v7.0 drivers/of/base.c of_map_id()
 */
export const mapRequesterId = (tree: DeviceTree, host: DeviceTreeNode, rid: number): MappedRequesterId => {
  const map = host.property('iommu-map');
  if (!map) return { failure: 'no-property' };
  if (map.length === 0 || map.length % BYTES_PER_ENTRY !== 0) return { failure: 'invalid' };
  const mask = firstCell(host, 'iommu-map-mask') ?? 0xffffffff;
  const masked = (rid & mask) >>> 0;
  for (let at = 0; at < map.cellCount; at += CELLS_PER_ENTRY) {
    const base = map.cell(at);
    if ((base & ~mask) !== 0) return { failure: 'invalid' };
    if (masked < base || masked >= base + map.cell(at + 3)) continue;
    const target = tree.byPhandle(map.cell(at + 1));
    return target ? { target, id: (masked - base + map.cell(at + 2)) >>> 0 } : { failure: 'invalid' };
  }
  return { failure: 'no-entry' };
};
