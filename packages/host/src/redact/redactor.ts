import { isAcpidump } from '../acpidump.js';
import { isUmockdev } from '../umockdev.js';
import { redactAcpidump, redactDisassembly } from './acpidump.js';
import { commandLinesIn, droppedWords, redactCommandLine, redactCommandLines } from './command-line.js';
import { redactDeviceTree } from './device-tree.js';
import { redactHexRows } from './hex-rows.js';
import { HostNames } from './host-names.js';
import { redactIdentifiers, Uuids } from './identifiers.js';
import { iommuLines, withoutOtherLogLines } from './log.js';
import { redactUmockdev } from './umockdev.js';

/** Escape, bracket, numbers, m; or K: colours could stand in the middle of a number. */
const TERMINAL_COLOUR = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*[mK]`, 'g');

/** Without what pasting puts between words and into them, so that a number is found that was parted by it. */
const unpasted = (text: string): string =>
  text
    .replace(TERMINAL_COLOUR, '')
    .replace(/[\u00a0\u2007\u202f]|&nbsp;/g, ' ')
    .replace(/\r(?!\n)/g, '\n');

/** As text: UTF-8 where it is that, else a character for each byte, so that every byte comes out as it went in. */
export const decodeText = (bytes: Uint8Array): { readonly text: string; readonly encoding: 'utf8' | 'latin1' } => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.includes('\ufffd') ? { text: buffer.toString('latin1'), encoding: 'latin1' } : { text, encoding: 'utf8' };
};

/**
 * Takes what tells one machine from all others out of everything that is read of that machine.
 *
 * Names are learned before anything is redacted, so that a host name from a log is found in a path too.
 */
export class Redactor {
  readonly hosts: HostNames = new HostNames();
  readonly #uuids = new Uuids();
  /** Words of the command line that are repeated elsewhere. */
  readonly #words = new Set<string>();

  /** Learn names from a text: a log, a dump. */
  learn(text: string): void {
    const plain = unpasted(text);
    this.hosts.learn(plain);
    for (const line of commandLinesIn(plain)) this.learnCommandLine(line);
  }

  learnCommandLine(line: string): void {
    for (const word of droppedWords(line)) this.#words.add(word);
  }

  /** Short text that names something: a path, a link, a label. */
  name(text: string): string {
    return this.#uuids.redact(this.hosts.redactWords(text));
  }

  /** What people call a device: words that a host may be named by stay. */
  label(text: string): string {
    return redactIdentifiers(this.#uuids.redact(text));
  }

  /** Text of any kind: output of lspci, a kernel's log, an acpidump, a umockdev record, several in one. */
  text(text: string): string {
    const plain = unpasted(text);
    if (isUmockdev(plain)) return redactUmockdev(plain, this);
    const tables = isAcpidump(plain) ? redactAcpidump(plain) : plain;
    const rows = redactDisassembly(redactHexRows(tables));
    return this.#lines(rows, withoutOtherLogLines);
  }

  /** A kernel's log: of its lines those that concern grouping. */
  log(text: string): string {
    return this.#lines(unpasted(text), iommuLines);
  }

  /** Lines are chosen again at the end: one may have been kept for a word that is gone. */
  #lines(text: string, choose: (text: string) => string): string {
    return choose(this.prose(choose(redactCommandLines(text))));
  }

  /** Text without rows of bytes in it. */
  prose(text: string): string {
    let redacted = redactCommandLines(text);
    for (const word of this.#words) redacted = redacted.replaceAll(word, 'x'.repeat(word.length));
    return this.hosts.redact(redactIdentifiers(this.#uuids.redact(redacted)));
  }

  commandLine(text: string): string {
    return this.prose(redactCommandLine(text));
  }

  deviceTree(bytes: Uint8Array): Uint8Array {
    return redactDeviceTree(bytes, (text) => this.prose(text));
  }

  /** Bytes of a text. */
  textBytes(bytes: Uint8Array): Uint8Array {
    const { text, encoding } = decodeText(bytes);
    return Buffer.from(this.text(text), encoding);
  }
}
