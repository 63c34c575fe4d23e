import { type MachinePciFunction, toBytes } from '@iommu/machine';

const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A line of sixteen bytes for each row of a configuration space, as `lspci -xxxx` writes them. */
const rows = (config: Uint8Array): string[] => {
  const lines: string[] = [];
  for (let at = 0; at < config.length; at += 16) {
    let line = `${at.toString(16).padStart(2, '0')}:`;
    for (const byte of config.subarray(at, at + 16)) line += ` ${DIGITS[byte]}`;
    lines.push(line);
  }
  return lines;
};

/** What `lspci -D -n -xxxx` prints of functions whose bytes are known: `lspci -F` reads it. */
export const hexDump = (functions: readonly MachinePciFunction[]): string =>
  functions
    .map(({ address, config }) => {
      const bytes = toBytes(config ?? '', address);
      const word = (at: number): string => `${DIGITS[bytes[at + 1] ?? 0]}${DIGITS[bytes[at] ?? 0]}`;
      return [`${address} ${word(0x0a)}: ${word(0)}:${word(2)}`, ...rows(bytes), ''].join('\n');
    })
    .join('\n');
