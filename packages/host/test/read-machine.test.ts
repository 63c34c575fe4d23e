import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readMachine, readMachineBytes } from '../src/read-machine.js';
import { LOG, logText } from './support/dmesg-text.js';
import { MACHINE, shortDump, verboseDump } from './support/lspci-text.js';
import { SMALL, sysfs } from './support/sysfs.js';
import { folderOf, tarOfEntries } from './support/trees.js';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const TREE = sysfs(SMALL);
const DUMP = verboseDump(MACHINE);
const RECORD = 'P: /devices/pci0000:00/0000:00:1f.2\nA: class=0x010601\\n\n';
const TABLE = (() => {
  const bytes = new Uint8Array(48);
  bytes.set(encode('IVRS'));
  return bytes;
})();

test.each([
  ['lspci', encode(DUMP), MACHINE.length],
  ['a log', encode(logText()), 4],
  ['umockdev', encode(RECORD), 1],
  ['JSON', encode('\n {"schema": 1, "pci": {"functions": [{"address": "0000:00:01.0"}]}}'), 1],
])('reads %s', async (_, bytes, count) => {
  expect((await readMachineBytes(bytes)).pci?.functions).toHaveLength(count);
});

test('reads an ACPI table', async () => {
  expect((await readMachineBytes(TABLE)).firmware?.acpi).toEqual({ IVRS: TABLE });
});

test('reads an archive with sysfs in it', async () => {
  expect((await readMachineBytes(gzipSync(await tarOfEntries(TREE)))).pci?.functions).toHaveLength(3);
});

test('reads machine.json of an archive rather than what else it holds', async () => {
  const archive = await tarOfEntries({ ...TREE, 'machine.json': '{"schema": 1, "name": "whole"}' });
  expect(await readMachineBytes(archive)).toEqual({ schema: 1, name: 'whole' });
});

test('names a machine that has no name as it is told to', async () => {
  expect((await readMachineBytes(encode(DUMP), { name: 'mine' })).name).toBe('mine');
});

test('keeps the name that a machine has', async () => {
  expect((await readMachineBytes(encode('{"schema": 1, "name": "own"}'), { name: 'mine' })).name).toBe('own');
});

const refusal = async (machine: Promise<unknown>) => {
  const error: unknown = await machine.catch((thrown: unknown) => thrown);
  return error instanceof Error ? [(error as { code?: string }).code, error.message] : error;
};

test('says of an unknown format what was expected', async () => {
  expect(await refusal(readMachineBytes(encode('Hello'), { name: 'letter.txt' }))).toEqual([
    'ERR_HOST_INPUT',
    'letter.txt: not a description of a machine; expected output of lspci, a kernel log, an acpidump, an ACPI table, a umockdev record, a tar with a sysfs tree, or a machine as JSON',
  ]);
});

test('refuses JSON that is cut', async () => {
  const [code, message] = (await refusal(readMachineBytes(encode('{"schema": 1'), { name: 'x.json' }))) as string[];
  expect([code, message?.startsWith('x.json: starts as JSON and is not: ')]).toEqual(['ERR_HOST_INPUT', true]);
});

test('refuses JSON that is no machine', async () => {
  expect((await refusal(readMachineBytes(encode('{"schema": 2}')))) as string[]).toContain('ERR_MACHINE');
});

test('says of an archive without sysfs what was expected', async () => {
  expect(await refusal(readMachineBytes(await tarOfEntries({ 'a/b': 'x' }), { name: 'x.tar' }))).toEqual([
    'ERR_HOST_INPUT',
    'x.tar: holds no sysfs tree; expected a folder sys/ with bus/pci or devices in it',
  ]);
});

test('reads a file by its path, and names the machine by it', async () => {
  const path = join(folderOf({ 'dump.txt': DUMP }), 'dump.txt');
  const machine = await readMachine(path);
  expect([machine.name, machine.pci?.functions.length]).toEqual([path, MACHINE.length]);
});

test('reads a folder with sysfs in it', async () => {
  expect((await readMachine(folderOf(TREE))).pci?.functions).toHaveLength(3);
});

test('says of a path that is not there that it cannot be read', async () => {
  const [code, message] = (await refusal(readMachine('/nowhere/at/all'))) as string[];
  expect([code, message?.startsWith('/nowhere/at/all: cannot be read: ENOENT')]).toEqual(['ERR_HOST_INPUT', true]);
});

test('puts the loose files of a folder together', async () => {
  const folder = folderOf({
    'a-dmesg.txt': logText(),
    'b-lspci.txt': DUMP,
    'c.bin': TABLE,
    'notes.md': 'Hello',
    'broken.json': '{',
    'meta.json': '{"a": 1}',
    'sub/lspci.txt': shortDump([{ at: '07:00.0' }]),
  });
  const machine = await readMachine(folder);
  expect(machine).toMatchObject({
    name: folder,
    kernel: { release: '6.1.0-56-amd64' },
    observed: { source: 'lspci' },
  });
  expect(Object.keys(machine.firmware?.acpi ?? {})).toEqual(['IVRS']);
  expect(machine.pci?.functions).toHaveLength(MACHINE.length);
});

test('takes the order of functions of a loose log that names all of them', async () => {
  const addresses = MACHINE.map(({ at }) => `0000:${at}`).reverse();
  const log = addresses.map((address) => `pci ${address}: [f00d:0110] type 00 class 0x020000\n`).join('');
  const folder = folderOf({ 'dmesg.txt': logText('', LOG.slice(0, 6)) + log, 'lspci.txt': DUMP });
  expect((await readMachine(folder)).pci?.order).toEqual(addresses);
});

test('does not wait for a pipe among loose files', async () => {
  const folder = folderOf({ 'lspci.txt': DUMP });
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect((await readMachine(folder)).pci?.functions).toHaveLength(MACHINE.length);
});

test('says of a folder without any description what was expected', async () => {
  const folder = folderOf({ 'notes.md': 'Hello' });
  const [code, message] = (await refusal(readMachine(folder))) as string[];
  expect([code, message?.startsWith(`${folder}: no file of the folder describes a machine`)]).toEqual([
    'ERR_HOST_INPUT',
    true,
  ]);
});

test('reads this machine, changing nothing, where no path is given', async () => {
  // What there is to find depends on where this runs; a container may have no PCI at all.
  const machine = await readMachine(undefined, { name: 'here' });
  expect([machine.schema, machine.name, machine.kernel?.release]).toEqual([
    1,
    'here',
    execFileSync('uname', ['-r'], { encoding: 'utf8' }).trim(),
  ]);
});

test('reads a large folder as far as its limit of files goes', async () => {
  const folder = folderOf({});
  for (let n = 0; n < 64; n++) writeFileSync(join(folder, `${String(n).padStart(3, '0')}.md`), 'Hello');
  writeFileSync(join(folder, 'zzz-lspci.txt'), DUMP);
  expect((await refusal(readMachine(folder))) as string[]).toContain('ERR_HOST_INPUT');
});

test('names the machines of an archive that holds several', async () => {
  const both = Object.fromEntries(
    ['before', 'after'].flatMap((part) => Object.entries(TREE).map(([path, entry]) => [`pair/${part}/${path}`, entry])),
  );
  await expect(readMachineBytes(await tarOfEntries(both), { name: 'pair.tar' })).rejects.toThrow(
    /pair\.tar: holds 2 machines: pair\/(?:before, pair\/after|after, pair\/before); unpack it/,
  );
});
