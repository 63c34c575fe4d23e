import { type IdMapping, type Iort, type IortNode, IortType } from './nodes.js';

/** Where an id came out: at which node, as what. */
export interface MappedId<T extends IortNode = IortNode> {
  readonly node: T;
  /** 32 bits. */
  readonly id: number;
}

/** What one mapping says of an id: no match, a match, or one that a later mapping may take away. */
interface Match {
  readonly id: number;
  readonly provisional: boolean;
}

const wrap = (value: number): number => value >>> 0;

const mayBeSingle = (node: IortNode): boolean =>
  node.kind === 'named-component' ||
  node.kind === 'root-complex' ||
  (node.kind === 'other' && node.type === IortType.iwb);

/**
 * Put an id through one mapping.
 *
 * Some tables state how many ids a range has where one less is meant. So the last id of a range is its own only until
 * another range starts there.
 *
 * @param earlier - The last id of an earlier range matched already.
 * @see Linux v7.0 drivers/acpi/arm64/iort.c iort_id_map()
 */
const matchOne = (map: IdMapping, node: IortNode, id: number, earlier: boolean): Match | undefined => {
  if (map.single) return mayBeSingle(node) ? { id: map.outputBase, provisional: false } : undefined;
  const last = wrap(map.inputBase + map.idCount);
  if (id < map.inputBase || id > last || (earlier && id !== map.inputBase)) return undefined;
  return { id: wrap(map.outputBase + (id - map.inputBase)), provisional: map.idCount > 0 && id === last };
};

/** One step: the id as the next node sees it. */
const step = (node: IortNode, id: number): { readonly id: number; readonly next: number } | undefined => {
  const skipped = 'deviceIdMapping' in node ? node.deviceIdMapping : undefined;
  let found: { id: number; next: number } | undefined;
  for (const [index, map] of node.mappings.entries()) {
    if (index === skipped) continue;
    const match = matchOne(map, node, id, found !== undefined);
    if (!match) continue;
    found = { id: match.id, next: map.outputReference };
    if (!match.provisional) break;
  }
  return found;
};

/**
 * Follow an id from node to node, up to one of the wanted kind.
 *
 * @returns `undefined`: no mapping takes it there, or mappings lead in a circle.
 * @see Linux v7.0 drivers/acpi/arm64/iort.c iort_node_map_id()
 */
export const mapId = <T extends IortNode>(
  { nodeAt }: Iort,
  from: IortNode,
  id: number,
  isWanted: (node: IortNode) => node is T,
): MappedId<T> | undefined => {
  const seen = new Set<IortNode>();
  let node: IortNode | undefined = from;
  let current = id;
  while (node && !seen.has(node)) {
    if (isWanted(node)) return { node, id: current };
    seen.add(node);
    const next = step(node, current);
    if (!next) return undefined;
    current = next.id;
    node = nodeAt(next.next);
  }
  return undefined;
};

/**
 * The ids of a device that presents none of its own: those that its single mappings give, one after the other up to the
 * first that leads nowhere.
 *
 * @see Linux v7.0 drivers/acpi/arm64/iort.c iort_nc_iommu_map(), iort_node_get_id()
 */
export const mapSingles = <T extends IortNode>(
  iort: Iort,
  from: IortNode,
  isWanted: (node: IortNode) => node is T,
): MappedId<T>[] => {
  const found: MappedId<T>[] = [];
  for (const map of from.mappings) {
    const node = map.single ? iort.nodeAt(map.outputReference) : undefined;
    const mapped = node && mapId(iort, node, map.outputBase, isWanted);
    if (!mapped) break;
    found.push(mapped);
  }
  return found;
};
