import { DeviceTree, DeviceTreeNode, DeviceTreeProperty, type ReservedMemory } from './device-tree.js';
import { TableReader } from './table-reader.js';

/*
 * The flattened form of a device tree, in the words of the Devicetree Specification v0.4, chapter 5. All big-endian.
 */

const MAGIC = 0xd00dfeed;
const HEADER_LENGTH = 40;
/** The first version whose node names are single names, and the last that there is. */
const FIRST_VERSION = 16;
const LAST_VERSION = 17;
/** Nodes below nodes that Linux goes along with. @see Linux v6.12 drivers/of/fdt.c FDT_MAX_DEPTH */
const MAX_DEPTH = 64;

const Token = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;

interface Blocks {
  readonly structure: TableReader;
  readonly strings: TableReader;
  readonly reserved: readonly ReservedMemory[];
}

const openBlocks = (bytes: Uint8Array): Blocks => {
  const all = new TableReader('devicetree', bytes);
  all.require(0, 4, 'the magic number');
  const magic = all.u32be(0);
  if (magic !== MAGIC) {
    throw all.error(0, `magic number 0x${magic.toString(16)}, expected 0xd00dfeed`, 'ERR_TABLE_SIGNATURE');
  }
  all.require(0, HEADER_LENGTH, 'a device tree header');
  const total = all.u32be(4);
  if (total < HEADER_LENGTH) throw all.error(4, `size ${total}, expected at least the ${HEADER_LENGTH} of the header`);
  const version = all.u32be(20);
  if (version < FIRST_VERSION) throw all.error(20, `version ${version}, expected at least ${FIRST_VERSION}`);
  const compatible = all.u32be(24);
  if (compatible > LAST_VERSION) {
    throw all.error(24, `readable only from version ${compatible} on, expected at most ${LAST_VERSION}`);
  }
  const tree = all.slice(0, total, 'the device tree');
  const block = (offsetAt: number, sizeAt: number | undefined, what: string): TableReader => {
    const offset = tree.u32be(offsetAt);
    if (offset < HEADER_LENGTH || offset > total) {
      throw tree.error(offsetAt, `offset ${offset} of ${what}, expected ${HEADER_LENGTH} to ${total}`);
    }
    return tree.slice(offset, sizeAt === undefined ? total - offset : tree.u32be(sizeAt), what);
  };
  return {
    structure: block(8, version >= 17 ? 36 : undefined, 'the structure block'),
    strings: block(12, 32, 'the strings block'),
    reserved: readReserved(block(16, undefined, 'the memory reserve map')),
  };
};

/** Pairs of address and size, up to a pair of zeros. */
const readReserved = (map: TableReader): ReservedMemory[] => {
  const list: ReservedMemory[] = [];
  for (let at = 0; ; at += 16) {
    map.require(at, 16, 'an entry of the memory reserve map');
    const entry = { address: map.u64be(at), size: map.u64be(at + 8) };
    if (entry.address === 0n && entry.size === 0n) return list;
    list.push(entry);
  }
};

const aligned = (offset: number): number => (offset + 3) & ~3;

/** Text at a place, without its ending zero; an error when that is missing. */
const textAt = (reader: TableReader, offset: number, what: string): string => {
  const end = offset > reader.length ? undefined : reader.indexOfZero(offset);
  if (end === undefined) throw reader.error(offset, `${what} without its ending zero`, 'ERR_TABLE_TRUNCATED');
  return reader.ascii(offset, end - offset);
};

/** Reads the structure block token by token. */
class StructureReader {
  readonly #structure: TableReader;
  readonly #strings: TableReader;
  #root: DeviceTreeNode | undefined;
  #here: DeviceTreeNode | undefined;
  #depth = 0;
  #at = 0;

  constructor({ structure, strings }: Blocks) {
    this.#structure = structure;
    this.#strings = strings;
  }

  /** @returns The root node, with all that is below it. */
  read(): DeviceTreeNode {
    for (;;) {
      const start = this.#at;
      const token = this.#structure.u32be(start, 'a token');
      this.#at += 4;
      if (token === Token.nop) continue;
      if (token === Token.end) return this.#end(start);
      if (token === Token.beginNode) this.#beginNode(start);
      else if (!this.#here) throw this.#structure.error(start, `token ${token} outside of any node, expected a node`);
      else if (token === Token.property) this.#property(this.#here);
      else if (token === Token.endNode) this.#leave(this.#here);
      else throw this.#structure.error(start, `token ${token}, expected 1, 2, 3, 4 or 9`);
    }
  }

  #end(start: number): DeviceTreeNode {
    if (this.#root && !this.#here) return this.#root;
    const where = this.#here ? `inside of ${this.#here.path}` : 'before the root node';
    throw this.#structure.error(start, `end ${where}, expected the end of a node`);
  }

  #beginNode(start: number): void {
    const above = this.#here;
    if (!above && this.#root) {
      throw this.#structure.error(start, 'a second root node, expected the end of the structure block');
    }
    if (++this.#depth > MAX_DEPTH) {
      throw this.#structure.error(start, `expected at most ${MAX_DEPTH} nodes below each other`);
    }
    const name = textAt(this.#structure, this.#at, 'node name');
    this.#at = aligned(this.#at + name.length + 1);
    const node = new DeviceTreeNode(above ? name : '', above);
    (above?.children as DeviceTreeNode[] | undefined)?.push(node);
    this.#root ??= node;
    this.#here = node;
  }

  #leave(node: DeviceTreeNode): void {
    this.#depth--;
    this.#here = node.parent;
  }

  #property({ properties }: DeviceTreeNode): void {
    const length = this.#structure.u32be(this.#at, 'the length of a property');
    const nameAt = this.#structure.u32be(this.#at + 4, 'the name of a property');
    const name = textAt(this.#strings, nameAt, 'property name');
    const value = this.#structure.slice(this.#at + 8, length, `property '${name}'`);
    if (!properties.has(name)) {
      (properties as Map<string, DeviceTreeProperty>).set(name, new DeviceTreeProperty(name, value));
    }
    this.#at = aligned(this.#at + 8 + length);
  }
}

/**
 * Parse a flattened device tree (`/sys/firmware/fdt`, a `.dtb` file). What `#address-cells` and the like mean is left to
 * those who read the properties.
 *
 * @param bytes - From the magic number on; bytes after the size that the header states are left alone.
 * @throws IommuError `ERR_TABLE_SIGNATURE` without the magic number; `ERR_TABLE_TRUNCATED` when bytes are missing;
 * `ERR_TABLE_FIELD` for a structure that contradicts itself, with the offset and what was expected.
 * @see Devicetree Specification v0.4, chapter 5 (Flattened Devicetree (DTB) Format)
 */
export const parseDeviceTree = (bytes: Uint8Array): DeviceTree => {
  const blocks = openBlocks(bytes);
  return new DeviceTree(new StructureReader(blocks).read(), blocks.reserved);
};
