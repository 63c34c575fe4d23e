import type { TableReader } from './table-reader.js';

/** One property of a node: bytes, whose meaning its users know. */
export class DeviceTreeProperty {
  /** As the tree spells it: `#iommu-cells`. */
  readonly name: string;
  readonly #reader: TableReader;

  /** @internal */
  constructor(name: string, reader: TableReader) {
    this.name = name;
    this.#reader = reader;
  }

  /** In bytes. */
  get length(): number {
    return this.#reader.length;
  }

  /** A view; nothing is copied. */
  get bytes(): Uint8Array {
    return this.#reader.bytes(0, this.length);
  }

  /** Whole cells (32 bits, big-endian) that it holds. */
  get cells(): number[] {
    return Array.from({ length: this.cellCount }, (_, at) => this.#reader.u32be(at * 4));
  }

  /** How many whole cells it holds. */
  get cellCount(): number {
    return Math.floor(this.length / 4);
  }

  /**
   * A number of `count` cells, the most significant first; bits above 64 are lost.
   *
   * @param cell - The first, counted from 0.
   * @throws IommuError `ERR_TABLE_TRUNCATED` when the property is shorter.
   */
  number(cell: number, count: number): bigint {
    let value = 0n;
    for (let at = cell; at < cell + count; at++) value = (value << 32n) | BigInt(this.#reader.u32be(at * 4));
    return BigInt.asUintN(64, value);
  }

  /** One cell. @throws IommuError `ERR_TABLE_TRUNCATED` when the property is shorter. */
  cell(at: number): number {
    return this.#reader.u32be(at * 4, `cell ${at} of '${this.name}'`);
  }

  /** Text up to the first zero byte. */
  get text(): string {
    return this.#reader.ascii(0, this.length);
  }

  /** A list of texts, each ended by a zero byte. */
  get texts(): string[] {
    const texts: string[] = [];
    for (let at = 0; at < this.length; ) {
      const end = this.#reader.indexOfZero(at) ?? this.length;
      texts.push(this.#reader.ascii(at, end - at));
      at = end + 1;
    }
    return texts;
  }

  /** `devicetree+0x48`: for messages. */
  get place(): string {
    return this.#reader.at(0);
  }
}

/** One node. */
export class DeviceTreeNode {
  /** With its unit address: `smmu@9050000`; empty for the root. */
  readonly name: string;
  /** `undefined` for the root alone. */
  readonly parent: DeviceTreeNode | undefined;
  /** In the tree's order. */
  readonly children: readonly DeviceTreeNode[] = [];
  /** Of two properties of one name the first counts. */
  readonly properties: ReadonlyMap<string, DeviceTreeProperty> = new Map();

  /** @internal */
  constructor(name: string, parent: DeviceTreeNode | undefined) {
    this.name = name;
    this.parent = parent;
  }

  /** `/soc/smmu@9050000`; `/` for the root. */
  get path(): string {
    if (!this.parent) return '/';
    const above = this.parent.path;
    return `${above === '/' ? '' : above}/${this.name}`;
  }

  /** The name without its unit address. */
  get baseName(): string {
    return this.name.split('@', 1)[0] as string;
  }

  /** A property by name; `undefined`: the node does not have it. */
  property(name: string): DeviceTreeProperty | undefined {
    return this.properties.get(name);
  }

  /** The number by which others refer to it. */
  get phandle(): number | undefined {
    const property = this.property('phandle') ?? this.property('linux,phandle');
    return property && property.cellCount > 0 ? property.cell(0) : undefined;
  }
}

/** Memory that the kernel is not to touch, from the reserve map. */
export interface ReservedMemory {
  /** Host physical. */
  readonly address: bigint;
  /** In bytes. */
  readonly size: bigint;
}

/** A whole tree. */
export class DeviceTree {
  /** Its name is empty, its path `/`. */
  readonly root: DeviceTreeNode;
  /** In the order of the reserve map; the `/reserved-memory` node is no part of it. */
  readonly reserved: readonly ReservedMemory[];
  readonly #byPhandle = new Map<number, DeviceTreeNode>();

  /** @internal */
  constructor(root: DeviceTreeNode, reserved: readonly ReservedMemory[]) {
    this.root = root;
    this.reserved = reserved;
    for (const node of this.nodes()) {
      const { phandle } = node;
      if (phandle !== undefined && !this.#byPhandle.has(phandle)) this.#byPhandle.set(phandle, node);
    }
  }

  /** Every node, each before what is below it. */
  *nodes(): Generator<DeviceTreeNode> {
    const waiting = [this.root];
    for (let node = waiting.pop(); node; node = waiting.pop()) {
      yield node;
      for (let at = node.children.length - 1; at >= 0; at--) waiting.push(node.children[at] as DeviceTreeNode);
    }
  }

  /** Of two nodes with one handle the first of the tree. */
  byPhandle(phandle: number): DeviceTreeNode | undefined {
    return this.#byPhandle.get(phandle);
  }

  /**
   * The node at a path; `undefined`: there is none.
   *
   * @param path - From the root on: `/soc/smmu@9050000`.
   */
  find(path: string): DeviceTreeNode | undefined {
    let node: DeviceTreeNode | undefined = this.root;
    for (const part of path.split('/')) {
      if (part !== '') node = node?.children.find(({ name }) => name === part);
    }
    return node;
  }
}
