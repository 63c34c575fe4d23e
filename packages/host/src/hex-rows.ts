/** Consecutive rows of a hex dump. */
export interface HexBlock {
  /** Of the first byte, as its row says. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Text whose rows of bytes (`10: 00 00 f0 …`, as `lspci -x` prints them) are lifted out. */
export interface LiftedText {
  /** What is left; a line `BLOCK_MARK` and a number stands for the block of that index. */
  readonly text: string;
  readonly blocks: readonly HexBlock[];
}

/** Starts the line that stands for a block: a character that no text holds. */
export const BLOCK_MARK = '\u0001';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const BLANK = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const ROW_BYTES = 16;

/** Value of a hexadecimal digit by its character; 0xff for any other. */
const DIGIT = new Uint8Array(256).fill(0xff);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  DIGIT[digit.charCodeAt(0)] = value;
  DIGIT[digit.toUpperCase().charCodeAt(0)] = value;
}

/*
 * The dump of a big host is tens of megabytes of such rows and a few kilobytes of words. Reading the rows where they
 * lie, before anything is made into strings, leaves little for the readers of words.
 */
class Lifter {
  readonly #blocks: HexBlock[] = [];
  readonly #pieces: string[] = [];
  readonly #decoder = new TextDecoder('utf-8');
  readonly #input: Uint8Array;
  /** Bytes of all blocks, one after the other: a row holds at most one for every three characters. */
  readonly #output: Uint8Array;
  #written = 0;
  /** Of the row that was read last: its offset and count of bytes, and where the line after it starts. */
  #rowOffset = 0;
  #rowCount = 0;
  #rowEnd = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
    this.#output = new Uint8Array(Math.ceil(input.length / 3));
  }

  lift(): LiftedText {
    const { length } = this.#input;
    let kept = 0;
    let at = 0;
    while (at < length) {
      if (this.#readRow(at)) {
        this.#pieces.push(this.#decoder.decode(this.#input.subarray(kept, at)));
        at = this.#readBlock();
        kept = at;
      } else {
        const newline = this.#input.indexOf(NEWLINE, at);
        at = newline < 0 ? length : newline + 1;
      }
    }
    this.#pieces.push(this.#decoder.decode(this.#input.subarray(kept)));
    return { text: this.#pieces.join(''), blocks: this.#blocks };
  }

  /** Takes the row that was read and those that follow it without a gap. @returns Where the line after them starts. */
  #readBlock(): number {
    const offset = this.#rowOffset;
    const start = this.#written;
    let next: number;
    do {
      this.#written += this.#rowCount;
      next = this.#rowEnd;
    } while (this.#rowCount === ROW_BYTES && this.#readRow(next) && this.#rowOffset === offset + this.#written - start);
    this.#pieces.push(`${BLOCK_MARK}${this.#blocks.length}\n`);
    this.#blocks.push({ offset, bytes: this.#output.subarray(start, this.#written) });
    return next;
  }

  /** Whether the line at `from` is a row; its bytes then lie behind those that are written. */
  #readRow(from: number): boolean {
    const input = this.#input;
    const output = this.#output;
    let at = from;
    while (input[at] === BLANK || input[at] === TAB) at++;
    const digits = at;
    let offset = 0;
    for (let value = DIGIT[input[at] ?? 0] ?? 0xff; value !== 0xff; value = DIGIT[input[++at] ?? 0] ?? 0xff)
      offset = offset * 16 + value;
    if (input[at] !== COLON || at - digits < 2 || at - digits > 3) return false;
    at++;
    let written = this.#written;
    const last = input.length - 2;
    while (input[at] === BLANK && at < last) {
      const high = DIGIT[input[at + 1] as number] as number;
      const low = DIGIT[input[at + 2] as number] as number;
      if (!((high | low) < 16)) break;
      output[written++] = (high << 4) | low;
      at += 3;
    }
    const count = written - this.#written;
    while (input[at] === BLANK || input[at] === TAB || input[at] === RETURN) at++;
    if (count === 0 || count > ROW_BYTES || (at < input.length && input[at] !== NEWLINE)) return false;
    this.#rowOffset = offset;
    this.#rowCount = count;
    this.#rowEnd = at + 1;
    return true;
  }
}

/** Lift the rows of bytes out of text, given as its bytes in UTF-8. */
export const liftHexRows = (input: Uint8Array): LiftedText => new Lifter(input).lift();
