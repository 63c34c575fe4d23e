import { BLOCK_MARK, type HexBlock, type LiftedText } from '../hex-rows.js';
import { cleanLines } from './clean.js';
import { type DeviceHeader, parseHeader } from './header.js';

/** One device of a dump: its first line, the text below it, the bytes of `-x`. */
export interface DeviceRecord {
  readonly header: DeviceHeader;
  /** All lines below, blanks and line ends made one blank each: a folded line reads as a whole one. */
  readonly body: string;
  /** From byte 0 as far as rows follow each other; empty without `-x`. */
  readonly config: Uint8Array;
  /** The heading `IOMMU Group 7` that it stands under, in listings by group. */
  readonly listedGroup: number | undefined;
}

/** A row that was not lifted: there are quoting marks before it. */
const HEX_ROW = /^\s*([0-9a-f]{2,3}):((?: [0-9a-f]{2}){1,16})\s*$/i;
const GROUP_HEADING = /^\W*(?:IOMMU[ _-]?)?Group[ #]+0*(\d+)\b[ :.*_`]*(.*)$/i;
/** `Subsystem: …`, `!!! Unknown header type 7f`: a line of its own, wherever it was moved. */
const KEYED = /^\s*(?:!!! |[A-Z][A-Za-z0-9 /()_-]{1,40}:(?:\s|$))/;
/** `user@host:~$ …`, `## …`, the edge of a block of code: what follows is of another command. */
const PROMPT = /^(?:\[?[\w.-]+@[\w.-]+|(?:[$%]|#+) |```)/;

interface OpenRecord {
  head: string;
  readonly lines: string[];
  /** Bytes by their offset. */
  readonly rows: Map<number, Uint8Array>;
  readonly group: number | undefined;
  /** A blank line was met: nothing is folded from here on. */
  ended: boolean;
}

const bytesOf = (rows: ReadonlyMap<number, Uint8Array>): Uint8Array => {
  const [first] = rows.values();
  if (rows.size === 1 && first === rows.get(0)) return first ?? new Uint8Array();
  const bytes: number[] = [];
  for (let row = rows.get(0); row; row = rows.get(bytes.length)) {
    bytes.push(...row);
    if (row.length % 16 !== 0) break;
  }
  return Uint8Array.from(bytes);
};

const close = ({ head, lines, rows, group }: OpenRecord): DeviceRecord[] => {
  const header = parseHeader(head);
  if (!header) return [];
  return [{ header, body: lines.join('\n').replace(/\s+/g, ' '), config: bytesOf(rows), listedGroup: group }];
};

/** Takes in a dump line by line. */
class Splitter {
  readonly records: DeviceRecord[] = [];
  #open: OpenRecord | undefined;
  #group: number | undefined;
  readonly #blocks: readonly HexBlock[];

  constructor(blocks: readonly HexBlock[]) {
    this.#blocks = blocks;
  }

  take(line: string): void {
    if (line.startsWith(BLOCK_MARK)) {
      const block = this.#blocks[Number(line.slice(BLOCK_MARK.length))];
      if (block) this.#open?.rows.set(block.offset, block.bytes);
      return;
    }
    const heading = this.#heading(line);
    if (heading) this.#group = heading.id;
    const text = heading?.rest ?? line;
    if (parseHeader(text)) this.#begin(text, heading !== undefined);
    else if (!heading && PROMPT.test(line)) this.#leave();
    else if (text !== '' && this.#open) takeBody(this.#open, text);
    else if (line === '' && this.#open) this.#open.ended = true;
  }

  #begin(head: string, numbered: boolean): void {
    // A list by groups ends with a blank line; another dump may follow it.
    const goesOn = numbered || /^\s/.test(head) || this.#open?.group !== this.#group;
    if (this.#open?.ended && !goesOn) this.#group = undefined;
    this.end();
    this.#open = { head, lines: [], rows: new Map(), group: this.#group, ended: false };
  }

  #leave(): void {
    this.end();
    this.#group = undefined;
  }

  /** The number of a group's heading, and what is left of the line. */
  #heading(line: string): { readonly id: number; readonly rest: string } | undefined {
    const [, id, rest = ''] = GROUP_HEADING.exec(line) ?? [];
    if (id === undefined || (rest !== '' && !parseHeader(rest))) return undefined;
    // `Flags: fast devsel, IOMMU group 1` was folded after its comma.
    return this.#open?.lines.at(-1)?.endsWith(',') ? undefined : { id: Number(id), rest };
  }

  end(): void {
    if (this.#open) this.records.push(...close(this.#open));
    this.#open = undefined;
  }
}

const takeBody = (open: OpenRecord, line: string): void => {
  const [, offset, bytes = ''] = HEX_ROW.exec(line) ?? [];
  if (offset !== undefined) {
    const values = bytes.trim().split(' ');
    open.rows.set(
      Number.parseInt(offset, 16),
      Uint8Array.from(values, (byte) => Number.parseInt(byte, 16)),
    );
  } else if (KEYED.test(line)) open.lines.push(line);
  else if (open.lines.length === 0 && open.rows.size === 0 && !open.ended) open.head += ` ${line.trim()}`;
  else if (!open.ended || /^\s/.test(line)) open.lines.push(line);
};

/**
 * Split a dump into devices.
 *
 * Lines before the first device, and whatever stands between devices, are left alone. A device met twice is there twice.
 */
export const splitRecords = ({ text, blocks }: LiftedText): DeviceRecord[] => {
  const splitter = new Splitter(blocks);
  for (const line of cleanLines(text)) splitter.take(line);
  splitter.end();
  return splitter.records;
};
