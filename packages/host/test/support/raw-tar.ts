/** A header as somebody writes it who means harm. */
export interface RawHeader {
  readonly name?: string;
  /** The type flag: `0` a file, `1` a hard link, `2` a link, `5` a directory, `x`, `g`, `L`. */
  readonly type?: string;
  readonly link?: string;
  /** What it claims, in octal digits or as bytes; default: the length of the content. */
  readonly size?: string | Uint8Array;
}

const BLOCK = 512;

/** One entry, header and content, filled up to whole blocks. */
export const rawEntry = (
  { name = 'a', type = '0', link = '', size }: RawHeader,
  content: string | Uint8Array = '',
): Buffer => {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000644 \x000000000 \x000000000 ', 100);
  header.write(typeof size === 'string' ? size : bytes.length.toString(8).padStart(11, '0'), 124, 12);
  if (typeof size === 'object') header.set(size, 124);
  header.write('00000000000 ', 136);
  header.fill(' ', 148, 156);
  header.write(type, 156, 1);
  header.write(link, 157, 100);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const filled = Buffer.alloc(Math.ceil(bytes.length / BLOCK) * BLOCK);
  bytes.copy(filled);
  return Buffer.concat([header, filled]);
};

/** A record of an extended header: its length, with the digits of that, comes first. */
export const paxRecord = (key: string, value: string): string => {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
};

/** An archive of such entries. */
export const rawTar = (...entries: readonly Uint8Array[]): Buffer =>
  Buffer.concat([...entries, Buffer.alloc(2 * BLOCK)]);
