import { redactConfigSpace } from './config-space.js';

/** `10: 00 00 f0 …`, as `lspci -x` prints them, after marks of quoting. */
const ROW = /^([>| \t]*)([0-9a-f]{2,3}):((?: [0-9a-f]{2}){1,16})(?=[ \t\r]*$)/gim;

interface Row {
  readonly offset: number;
  readonly bytes: number[];
  /** Where its digits start in the text. */
  readonly start: number;
}

const digits = (bytes: readonly number[]): string =>
  bytes.map((byte) => ` ${byte.toString(16).padStart(2, '0')}`).join('');

/** The rows of one device, put together, redacted, and written back where they differ. */
const redactDevice = (rows: readonly Row[], replace: (start: number, text: string) => void): void => {
  const config = new Uint8Array(Math.max(...rows.map(({ offset, bytes }) => offset + bytes.length)));
  for (const { offset, bytes } of rows) config.set(bytes, offset);
  const redacted = redactConfigSpace(config);
  for (const { offset, bytes, start } of rows) {
    const now = [...redacted.subarray(offset, offset + bytes.length)];
    if (now.some((byte, at) => byte !== bytes[at])) replace(start, digits(now));
  }
};

/** Text with the configuration spaces in it redacted as bytes are. */
export const redactHexRows = (text: string): string => {
  const pieces: string[] = [];
  let done = 0;
  const replace = (start: number, now: string): void => {
    pieces.push(text.slice(done, start), now);
    done = start + now.length;
  };
  let rows: Row[] = [];
  for (const match of text.matchAll(ROW)) {
    const [, mark = '', at = '', hex = ''] = match;
    const offset = Number.parseInt(at, 16);
    // Offsets rise within a device.
    if (rows.length > 0 && offset <= (rows.at(-1)?.offset ?? 0)) {
      redactDevice(rows, replace);
      rows = [];
    }
    const bytes = hex
      .trim()
      .split(' ')
      .map((byte) => Number.parseInt(byte, 16));
    rows.push({ offset, bytes, start: match.index + mark.length + at.length + 1 });
  }
  if (rows.length > 0) redactDevice(rows, replace);
  return pieces.length === 0 ? text : pieces.join('') + text.slice(done);
};
