import { type FileTree, readText } from '../file-tree.js';
import { TABLES } from '../snapshot.js';
import type { TreeEntry } from '../tree-entries.js';
import { redactAcpiTable } from './acpi-table.js';
import { redactConfigSpace } from './config-space.js';
import { decodeText, type Redactor } from './redactor.js';

/** Where a system keeps its own name. */
const HOST_NAMES = ['proc/sys/kernel/hostname', 'etc/hostname', 'hostname.txt', 'hostname'];

/** Learn a machine's name from its files; they are read for that only. */
export const learnHostName = (top: FileTree, redactor: Redactor): void => {
  for (const place of HOST_NAMES) {
    const name = readText(top, place);
    if (name) redactor.hosts.add(name);
  }
};

const redactFile = (path: string, bytes: Uint8Array, redactor: Redactor): Uint8Array => {
  const name = path.split('/').at(-1) ?? '';
  const encoded = (redact: (text: string) => string): Uint8Array => {
    const { text, encoding } = decodeText(bytes);
    return Buffer.from(redact(text), encoding);
  };
  if (path.startsWith('sys/')) {
    return name === 'config' ? redactConfigSpace(bytes) : encoded((text) => redactor.name(text));
  }
  if (path.startsWith('acpi/') && TABLES.test(name)) return redactAcpiTable(bytes);
  if (path === 'fdt') return redactor.deviceTree(bytes);
  if (path === 'cmdline.txt') return encoded((text) => `${redactor.commandLine(text)}\n`);
  if (path === 'dmesg.txt') return encoded((text) => redactor.log(text));
  return encoded((text) => redactor.prose(text));
};

/** The files of a snapshot, collected before, redacted: names of files and texts of links as well as what is in them. */
export const redactEntries = (entries: readonly TreeEntry[], redactor: Redactor): TreeEntry[] => {
  for (const entry of entries) {
    if (!('bytes' in entry) || entry.path.includes('/') || entry.path === 'fdt') continue;
    const { text } = decodeText(entry.bytes);
    if (entry.path === 'cmdline.txt') redactor.learnCommandLine(text);
    else redactor.learn(text);
  }
  return entries.map((entry) => {
    const path = redactor.name(entry.path);
    if ('bytes' in entry) return { path, bytes: redactFile(entry.path, entry.bytes, redactor) };
    return 'link' in entry ? { path, link: redactor.name(entry.link) } : { path, directory: true };
  });
};
