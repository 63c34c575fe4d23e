/** A property's value: cells, texts, or nothing. */
export type PropertySketch = readonly number[] | string | readonly string[] | true;

/** A node: properties, and nodes by their names. */
export interface NodeSketch {
  /** By name, written in this order: `compatible`, `#iommu-cells`. */
  readonly properties?: Readonly<Record<string, PropertySketch>>;
  /** By name with the unit address, written in this order: `smmu@9050000`. */
  readonly nodes?: Readonly<Record<string, NodeSketch>>;
}

/** ASCII, and the zero that ends it. */
const ended = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0) & 0x7f).concat(0);

const HEADER = 40;
const RESERVE_MAP = 16;

const bytesOf = (sketch: PropertySketch): number[] => {
  if (sketch === true) return [];
  if (typeof sketch === 'string') return ended(sketch);
  return sketch.flatMap((part: number | string) => (typeof part === 'string' ? bytesOf(part) : cell(part)));
};

const cell = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

const padded = (bytes: readonly number[]): number[] => [
  ...bytes,
  ...new Array<number>((4 - (bytes.length % 4)) % 4).fill(0),
];

/**
 * Write a flattened device tree, for machines made by hand.
 *
 * @param root - The root node. Numbers become cells, texts end with a zero byte, `true` is a property without a value.
 * @returns Version 17, without reserved memory.
 * @see Devicetree Specification v0.4, chapter 5
 */
export const writeDeviceTree = (root: NodeSketch): Uint8Array => {
  const strings: number[] = [];
  const offsets = new Map<string, number>();
  const nameOffset = (name: string): number => {
    const known = offsets.get(name);
    if (known !== undefined) return known;
    const offset = strings.length;
    offsets.set(name, offset);
    strings.push(...ended(name));
    return offset;
  };
  const write = (name: string, { properties = {}, nodes = {} }: NodeSketch): number[] => [
    ...cell(1),
    ...padded(ended(name)),
    ...Object.entries(properties).flatMap(([property, sketch]) => {
      const value = bytesOf(sketch);
      return [...cell(3), ...cell(value.length), ...cell(nameOffset(property)), ...padded(value)];
    }),
    ...Object.entries(nodes).flatMap(([child, node]) => write(child, node)),
    ...cell(2),
  ];
  const structure = [...write('', root), ...cell(9)];
  const structureAt = HEADER + RESERVE_MAP;
  const stringsAt = structureAt + structure.length;
  const total = stringsAt + strings.length;
  const header = [0xd00dfeed, total, structureAt, stringsAt, HEADER, 17, 16, 0, strings.length, structure.length];
  return Uint8Array.from([
    ...header.flatMap(cell),
    ...new Array<number>(RESERVE_MAP).fill(0),
    ...structure,
    ...strings,
  ]);
};
