import { parseAcpidump } from '../acpidump.js';
import { TABLES } from '../snapshot.js';
import { redactAcpiTable } from './acpi-table.js';

const HEADING = /^(\S{4}) @ 0x[0-9a-f]+\s*$/i;
const ROW = /^\s*[0-9a-f]{4,8}: (?:[0-9a-f]{2}(?: |$)){1,16}/i;

const hex = (value: number, length: number): string => value.toString(16).toUpperCase().padStart(length, '0');

const printable = (byte: number): string => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.');

/** Rows as acpidump writes them: offset, bytes, characters. */
const rowsOf = (table: Uint8Array): string[] => {
  const rows: string[] = [];
  for (let at = 0; at < table.length; at += 16) {
    const bytes = [...table.subarray(at, at + 16)];
    const columns = bytes.map((byte) => hex(byte, 2)).join(' ');
    rows.push(`    ${hex(at, 4)}: ${columns.padEnd(48)} ${bytes.map(printable).join('')}`);
  }
  return rows;
};

/** One table under its heading, written anew; nothing of a table that does not speak of IOMMUs. */
const redactSection = (lines: readonly string[]): string[] => {
  const [heading = ''] = lines;
  const signature = HEADING.exec(heading)?.[1] ?? '';
  const table = TABLES.test(signature) ? parseAcpidump(lines.join('\n'))[signature] : undefined;
  return table ? [heading, ...rowsOf(redactAcpiTable(table)), ''] : [];
};

/**
 * Text with the tables of an acpidump in it redacted, bytes and characters; of tables that do not speak of IOMMUs (keys of
 * products are in some) nothing stays.
 */
export const redactAcpidump = (text: string): string => {
  const output: string[] = [];
  let section: string[] | undefined;
  const close = (): void => {
    if (section) output.push(...redactSection(section));
    section = undefined;
  };
  for (const line of text.split('\n')) {
    if (HEADING.test(line)) {
      close();
      section = [line];
    } else if (section && (ROW.test(line) || line.trim() === '')) section.push(line);
    else {
      close();
      output.push(line);
    }
  }
  close();
  return output.join('\n');
};

/** `0000: 44 4D 41 52 …  // DMAR…`, below what iasl takes a table apart into. */
const RAW_ROW = /^[ \t]*[0-9A-F]{4}: (?:[0-9A-F]{2} ){1,16}[ \t]*\/\/ [^\n]*\n?/gm;
/** `[00Ah 0010   6]    Oem ID : "VENDOR"` */
const HEADER_FIELD = /((?:Oem ID|Oem Table ID|Oem Revision|Asl Compiler ID|Asl Compiler Revision) : )([^\r\n]*)/g;

/** Text with tables in it that iasl took apart: without their OEM fields, and without the bytes that are below them. */
export const redactDisassembly = (text: string): string =>
  text
    .replace(RAW_ROW, '')
    .replace(HEADER_FIELD, (_, head: string, value: string) => head + value.replace(/[^\s"]/g, 'x'));
