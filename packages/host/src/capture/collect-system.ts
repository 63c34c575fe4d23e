import { gunzipSync } from 'node:zlib';
import { type FileTree, readText } from '../file-tree.js';
import { iommuOptions } from '../kernel-config.js';
import { firstText, PLACES, TABLES } from '../snapshot.js';
import type { Collection } from './collection.js';

const encoder = new TextEncoder();

/** A kernel's configuration is some hundred kilobytes. */
const CONFIG_LIMIT = 16 * 1024 * 1024;

const OS_RELEASE = /^(?:NAME|ID|ID_LIKE|VERSION|VERSION_ID|VERSION_CODENAME|PRETTY_NAME)=/;

const line = (into: Collection, path: string, text: string | undefined): void => {
  if (text !== undefined) into.file(path, encoder.encode(`${text}\n`));
};

const kernelConfig = (top: FileTree, release: string | undefined): string | undefined => {
  const plain = readText(top, 'config.txt') ?? readText(top, `boot/config-${release}`);
  if (plain !== undefined) return plain;
  const packed = top.read('proc/config.gz');
  if (!packed) return undefined;
  try {
    return gunzipSync(packed, { maxOutputLength: CONFIG_LIMIT }).toString();
  } catch {
    return undefined;
  }
};

/** Tables go in as soon as all that concern IOMMUs could be read: a part of them would pass for the whole. */
const collectFirmware = (top: FileTree, into: Collection): void => {
  const tables = PLACES.tables.flatMap((place) =>
    [...top.list(place)].sort().map((name) => ({ name, path: `${place}/${name}` })),
  );
  const concerned = tables
    .filter(({ name }) => TABLES.test(name))
    .map(({ name, path }) => ({ name, bytes: top.read(path) }));
  if (tables.length > 0 && concerned.every(({ bytes }) => bytes)) {
    // Says that somebody looked, where there was no table that concerns IOMMUs.
    const names = [...new Set(tables.map(({ name }) => name))].sort().join('\n');
    line(into, 'acpi/tables.txt', readText(top, 'acpi/tables.txt') ?? names);
    // Of tables in two places the first counts, as it does for who reads them.
    for (const { name, bytes } of concerned) if (bytes && !into.has(`acpi/${name}`)) into.file(`acpi/${name}`, bytes);
  }
  const deviceTree = PLACES.deviceTree.map((place) => top.read(place)).find((bytes) => bytes);
  if (deviceTree) into.file('fdt', deviceTree);
};

/**
 * Takes what grouping needs besides sysfs: kernel, command line, firmware, log.
 *
 * @param log - The live kernel's log, where it could be read.
 */
export const collectSystem = (top: FileTree, into: Collection, log?: string): void => {
  const release = firstText(top, PLACES.release);
  line(into, 'uname.txt', release);
  line(into, 'arch.txt', firstText(top, PLACES.arch));
  line(into, 'cmdline.txt', firstText(top, PLACES.commandLine));
  line(into, 'version.txt', firstText(top, ['version.txt', 'proc/version']));
  const system = firstText(top, ['os-release.txt', 'etc/os-release', 'usr/lib/os-release']);
  line(
    into,
    'os-release.txt',
    system
      ?.split('\n')
      .filter((text) => OS_RELEASE.test(text))
      .join('\n'),
  );
  const config = kernelConfig(top, release);
  if (config !== undefined) into.file('config.txt', encoder.encode(iommuOptions(config)));
  collectFirmware(top, into);
  const saved = PLACES.dmesg.map((place) => top.read(place)).find((bytes) => bytes);
  // A ring that has turned over has lost the boot, which the saved log begins with.
  if (log !== undefined && (!saved || /Linux version/.test(log))) into.file('dmesg.txt', encoder.encode(log));
  else if (saved) into.file('dmesg.txt', saved);
};
