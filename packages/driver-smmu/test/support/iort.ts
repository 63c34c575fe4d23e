import { sealAcpiTable } from '@iommu/firmware';

/*
 * IORTs byte by byte, right or wrong. A node knows its data and its mappings; a mapping names its target by the target's
 * place in the list of nodes.
 */

const le = (value: number | bigint, length: number): number[] =>
  Array.from({ length }, (_, at) => Number((BigInt(value) >> BigInt(8 * at)) & 0xffn));

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

const FIRST_NODE = 48;
const NODE_HEADER = 16;

export interface MappingSketch {
  readonly input?: number;
  /** How many ids less one; default all 65,536 requester ids. */
  readonly count?: number;
  readonly output?: number;
  /** Which node of the list; `-1` none. */
  readonly to: number;
  readonly single?: boolean;
}

export interface NodeBytes {
  readonly type: number;
  readonly revision?: number;
  readonly data: readonly number[];
  readonly mappings?: readonly MappingSketch[];
}

const lengthOf = ({ data, mappings = [] }: NodeBytes): number => NODE_HEADER + data.length + 20 * mappings.length;

export interface TableSketch {
  readonly revision?: number;
}

/** A whole table with a right length and checksum. */
export const iortWith = ({ revision = 6 }: TableSketch, ...nodes: NodeBytes[]): Uint8Array => {
  const offsets: number[] = [];
  let next = FIRST_NODE;
  for (const node of nodes) {
    offsets.push(next);
    next += lengthOf(node);
  }
  const bodies = nodes.flatMap((node) => {
    const { type, revision: nodeRevision = 4, data, mappings = [] } = node;
    const mapped = mappings.flatMap(({ input = 0, count = 0xffff, output = 0, to, single = false }) => [
      ...le(input, 4),
      ...le(count, 4),
      ...le(output, 4),
      ...le(offsets[to] ?? 0, 4),
      ...le(single ? 1 : 0, 4),
    ]);
    return [
      type,
      ...le(lengthOf(node), 2),
      nodeRevision,
      ...le(0, 4),
      ...le(mappings.length, 4),
      ...le(mappings.length > 0 ? NODE_HEADER + data.length : 0, 4),
      ...data,
      ...mapped,
    ];
  });
  const header = [...ascii('IORT'), 0, 0, 0, 0, revision, ...new Array<number>(27).fill(0)];
  return sealAcpiTable(
    Uint8Array.from([...header, ...le(nodes.length, 4), ...le(FIRST_NODE, 4), ...le(0, 4), ...bodies]),
  );
};

export const iort = (...nodes: NodeBytes[]): Uint8Array => iortWith({}, ...nodes);

export const SMMU_BASE = 0x9050000n;

export interface SmmuV3Sketch {
  readonly base?: bigint;
  readonly model?: number;
  readonly flags?: number;
  readonly revision?: number;
  /** The four interrupts that have wires, or 0. */
  readonly wires?: readonly [number, number, number, number];
  readonly deviceIdMapping?: number;
  readonly mappings?: readonly MappingSketch[];
}

export const smmuV3 = ({
  base = SMMU_BASE,
  model = 0,
  flags = 0,
  revision = 4,
  wires = [1, 2, 3, 4],
  deviceIdMapping = 0,
  mappings = [],
}: SmmuV3Sketch = {}): NodeBytes => ({
  type: 4,
  revision,
  data: [
    ...le(base, 8),
    ...le(flags, 4),
    ...le(0, 4),
    ...le(0, 8),
    ...le(model, 4),
    ...wires.flatMap((wire) => le(wire, 4)),
    ...le(0, 4),
    ...le(deviceIdMapping, 4),
  ],
  mappings,
});

export const smmuV2 = (base: bigint = SMMU_BASE, model = 1): NodeBytes => ({
  type: 3,
  data: [...le(base, 8), ...le(0x10000, 8), ...le(model, 4), ...le(0, 40)],
});

export const rootComplex = (segment: number, ...mappings: MappingSketch[]): NodeBytes => ({
  type: 2,
  data: [...le(0, 8), ...le(1, 4), ...le(segment, 4), ...le(0, 4)],
  mappings,
});

export const namedComponent = (path: string, ...mappings: MappingSketch[]): NodeBytes => ({
  type: 1,
  data: [...le(0, 4), ...le(0, 8), 0, ...ascii(path), 0],
  mappings,
});

export const itsGroup = (...ids: number[]): NodeBytes => ({
  type: 0,
  data: [...le(ids.length, 4), ...ids.flatMap((id) => le(id, 4))],
});

export const pmcg = (overflow = 0, ...mappings: MappingSketch[]): NodeBytes => ({
  type: 5,
  data: [...le(0x9060000, 8), ...le(overflow, 4), ...le(FIRST_NODE, 4), ...le(0, 8)],
  mappings,
});

/** An RMR's descriptors stand between its data and its mappings. */
export const rmr = (
  ranges: readonly (readonly [base: bigint, length: bigint])[],
  remapPermitted: boolean,
  ...mappings: MappingSketch[]
): NodeBytes => ({
  type: 6,
  data: [
    ...le(remapPermitted ? 1 : 0, 4),
    ...le(ranges.length, 4),
    ...le(ranges.length > 0 ? 28 : 0, 4),
    ...ranges.flatMap(([base, length]) => [...le(base, 8), ...le(length, 8), ...le(0, 4)]),
  ],
  mappings,
});

export const otherNode = (type: number, ...mappings: MappingSketch[]): NodeBytes => ({
  type,
  data: le(0, 16),
  mappings,
});

/** A MADT with interrupt translation services. */
export const madt = (...services: (readonly [id: number, base: bigint])[]): Uint8Array =>
  sealAcpiTable(
    Uint8Array.from([
      ...ascii('APIC'),
      ...new Array<number>(40).fill(0),
      // An interrupt controller of another kind comes first.
      ...[12, 24, ...new Array<number>(22).fill(0)],
      ...services.flatMap(([id, base]) => [15, 20, 0, 0, ...le(id, 4), ...le(base, 8), ...le(0, 4)]),
    ]),
  );

/** One SMMUv3, for all of segment 0. */
export const PLAIN: Uint8Array = iort(smmuV3(), rootComplex(0, { to: 0 }));

/** One of everything. */
export const richIort = (): Uint8Array =>
  iort(
    smmuV3({ mappings: [{ input: 0, count: 0xffff, to: 3 }] }),
    smmuV2(0x5000000n),
    rootComplex(0, { count: 0x7fff, to: 0 }, { input: 0x8000, count: 0x7fff, output: 0x8000, to: 0 }),
    itsGroup(0, 1),
    namedComponent('\\_SB_.ETH0', { output: 0x10, to: 1, single: true }, { output: 0x11, to: 1, single: true }),
    pmcg(0, { to: 3, single: true }),
    rmr([[0x80000000n, 0x10000n]], false, { output: 0x100, count: 0, to: 0 }),
    otherNode(7, { to: 3 }),
    otherNode(9),
  );
