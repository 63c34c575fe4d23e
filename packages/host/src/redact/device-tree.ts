import { redactCommandLine } from './command-line.js';

const MAGIC = 0xd00dfeed;
const HEADER = 40;
const BEGIN_NODE = 1;
const END_NODE = 2;
const PROPERTY = 3;
const NOP = 4;
const END = 9;

/** Properties that hold what is one machine's alone; aliases (`serial0`) are no serial numbers. */
const SECRET = /serial(?!\d*$)|mac-address|asset|uuid|guid|seed|host-?name|password|calibration/i;

/** Ends the walk over a tree that is none. */
class Malformed extends Error {}

class Walk {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #redactText: (text: string) => string;

  constructor(bytes: Uint8Array, redactText: (text: string) => string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#redactText = redactText;
  }

  u32(at: number): number {
    if (at + 4 > this.#bytes.length) throw new Malformed();
    return this.#view.getUint32(at);
  }

  /** Text up to a NUL. */
  #text(at: number): string {
    const end = this.#bytes.indexOf(0, at);
    if (end < 0) throw new Malformed();
    return Buffer.from(this.#bytes.subarray(at, end)).toString('latin1');
  }

  /** Walks the structure block and redacts values in place. @returns Where it ends. */
  structure(start: number, strings: number): number {
    for (let at = start; ; ) {
      const token = this.u32(at);
      at += 4;
      if (token === END) return at;
      if (token === BEGIN_NODE) at = (at + this.#text(at).length + 1 + 3) & ~3;
      else if (token === PROPERTY) {
        const length = this.u32(at);
        const name = this.#text(strings + this.u32(at + 4));
        const value = this.#bytes.subarray(at + 8, at + 8 + length);
        if (value.length < length) throw new Malformed();
        this.#redactValue(name, value);
        at = (at + 8 + length + 3) & ~3;
      } else if (token !== END_NODE && token !== NOP) throw new Malformed();
    }
  }

  #redactValue(name: string, value: Uint8Array): void {
    if (SECRET.test(name)) {
      value.fill(0);
      return;
    }
    const text = Buffer.from(value).toString('latin1');
    if (!/^[\x20-\x7e\0]+$/.test(text)) return;
    const plain = text.replace(/\0+$/, '');
    const redacted = name === 'bootargs' ? redactCommandLine(plain) : this.#redactText(plain);
    if (redacted === plain || redacted.length > value.length) return;
    value.fill(0);
    value.set(Buffer.from(redacted, 'latin1'));
  }
}

/** Where the list of reserved memory ends. */
const reservedEnd = (walk: Walk, start: number): number => {
  for (let at = start; ; at += 16) {
    if ([0, 4, 8, 12].every((part) => walk.u32(at + part) === 0)) return at + 16;
  }
};

const redact = (bytes: Uint8Array, redactText: (text: string) => string): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  const walk = new Walk(copy, redactText);
  if (walk.u32(0) !== MAGIC) throw new Malformed();
  const [structure, strings, reserved] = [walk.u32(8), walk.u32(12), walk.u32(16)];
  const stringsEnd = strings + walk.u32(32);
  if (stringsEnd > copy.length) throw new Malformed();
  const kept: readonly (readonly [number, number])[] = [
    [0, HEADER],
    [reserved, reservedEnd(walk, reserved)],
    [structure, walk.structure(structure, strings)],
    [strings, stringsEnd],
  ];
  // Room between and behind the blocks may hold what was there before the tree.
  const output = new Uint8Array(copy.length);
  for (const [start, end] of kept) output.set(copy.subarray(start, end), start);
  return output;
};

/**
 * A flattened device tree without serial numbers, MAC addresses, seeds and most of the command line, of the same length;
 * bytes that are no device tree become zeros.
 *
 * @param redactText - Takes what remains out of values that are text.
 * @see Devicetree Specification v0.4, chapter 5 (Flattened Devicetree Format)
 */
export const redactDeviceTree = (bytes: Uint8Array, redactText: (text: string) => string): Uint8Array => {
  try {
    return redact(bytes, redactText);
  } catch (error) {
    if (error instanceof Malformed) return new Uint8Array(bytes.length);
    throw error;
  }
};
