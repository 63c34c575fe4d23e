import { constants, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { isFull } from '../../../tests/support/sweep.js';
import { isTar } from '../src/archive-kind.js';
import { readText } from '../src/file-tree.js';
import { readTar, UNPACKED_LIMIT } from '../src/tar.js';
import { ENTRIES, TAR_BZ2, ZEROS_BZ2 } from './support/packed.js';
import { tarOf, tarOfEntries } from './support/trees.js';

test.each([
  ['plain', (bytes: Uint8Array) => bytes],
  ['packed by gzip', (bytes: Uint8Array) => gzipSync(bytes)],
])('reads an archive %s', async (_, packed) => {
  const archive = packed(await tarOfEntries(ENTRIES));
  const tree = await readTar(archive);
  expect([isTar(archive), readText(tree, 'top/file'), tree.link('top/link'), tree.list('top')]).toEqual([
    true,
    'text',
    '../file',
    ['file', 'link'],
  ]);
});

test('reads an archive packed by bzip2', async () => {
  const tree = await readTar(TAR_BZ2);
  expect([isTar(TAR_BZ2), readText(tree, 'top/file'), tree.link('top/link')]).toEqual([true, 'text', '../file']);
});

test('does not take text for an archive', () => {
  expect(isTar(new TextEncoder().encode('00:1f.0 ISA bridge: Foo\n'.repeat(30)))).toBe(false);
});

test('reads an empty archive', async () => {
  expect((await readTar(await tarOf([]))).list('')).toEqual([]);
});

test('reads directories', async () => {
  const tree = await readTar(await tarOf([[{ name: './a/b/', type: 'directory' }]]));
  expect(tree.list('a')).toEqual(['b']);
});

test('takes the last of several entries of one name', async () => {
  const tree = await readTar(
    await tarOf([
      [{ name: 'a' }, 'first'],
      [{ name: './a' }, 'second'],
    ]),
  );
  expect(readText(tree, 'a')).toBe('second');
});

test('reads hard links as the file that they name', async () => {
  const tree = await readTar(await tarOf([[{ name: 'a' }, 'text'], [{ name: 'b', type: 'link', linkname: 'a' }]]));
  expect(readText(tree, 'b')).toBe('text');
});

test('leaves out a hard link to a file that is not there', async () => {
  expect((await readTar(await tarOf([[{ name: 'b', type: 'link', linkname: 'a' }]]))).list('')).toEqual([]);
});

test('reads names that are longer than a header holds', async () => {
  const name = `${'directory/'.repeat(60)}file-ü`;
  expect(readText(await readTar(await tarOf([[{ name }, 'text']])), name)).toBe('text');
});

test('keeps a link that leads out of the archive as text', async () => {
  const tree = await readTar(await tarOf([[{ name: 'a', type: 'symlink', linkname: '../../etc/passwd' }]]));
  expect([tree.link('a'), tree.read('a')]).toEqual(['../../etc/passwd', undefined]);
});

const refusal = async (bytes: Uint8Array | Promise<Uint8Array>) => {
  const error: unknown = await readTar(await bytes).catch((thrown: unknown) => thrown);
  return error instanceof Error ? [(error as { code?: string }).code, error.message] : error;
};

test.each(['../a', 'a/../../b', '/etc/passwd', 'a/..'])('refuses an entry named %s', async (name) => {
  expect(await refusal(tarOf([[{ name }, 'text']]))).toEqual([
    'ERR_HOST_ARCHIVE',
    `entry '${name}' lies outside the archive`,
  ]);
});

test('refuses a hard link to a file outside', async () => {
  expect(await refusal(tarOf([[{ name: 'a', type: 'link', linkname: '/etc/passwd' }]]))).toEqual([
    'ERR_HOST_ARCHIVE',
    "entry '/etc/passwd' lies outside the archive",
  ]);
});

test.each(['character-device', 'block-device', 'fifo'] as const)('refuses a %s', async (type) => {
  expect(await refusal(tarOf([[{ name: 'a', type }]]))).toEqual([
    'ERR_HOST_ARCHIVE',
    `entry 'a' is a ${type}, not a file`,
  ]);
});

test('refuses an archive that was cut', async () => {
  const whole = await tarOfEntries({ a: 'x'.repeat(2000) });
  const [code, message] = (await refusal(whole.subarray(0, 1000))) as string[];
  expect([code, message]).toEqual(['ERR_HOST_ARCHIVE', 'not a whole tar archive: Unexpected end of data']);
});

test.each([
  ['gzip data that was cut', (whole: Uint8Array) => gzipSync(whole).subarray(0, 60)],
  ['gzip data that is no archive', () => gzipSync('x'.repeat(1000))],
  ['bzip2 data that was cut', () => TAR_BZ2.subarray(0, 60)],
])('refuses %s', async (_, make) => {
  const [code] = (await refusal(make(await tarOfEntries(ENTRIES)))) as string[];
  expect(code).toBe('ERR_HOST_ARCHIVE');
});

/** Gzip data of many members, each the same 64 MiB of zeros. */
const zeros = (): Uint8Array => {
  const size = 64 * 1024 * 1024;
  const member = gzipSync(Buffer.alloc(size), { level: constants.Z_BEST_SPEED });
  return Buffer.concat(Array.from({ length: UNPACKED_LIMIT / size + 1 }, () => member));
};

const BOMBS: readonly (readonly [string, () => Uint8Array, string])[] = [
  ['gzip', zeros, 'unpacks to more than 1024 MiB'],
  ['bzip2', () => ZEROS_BZ2, 'unpacks to more than 128 MiB'],
];

test.each(isFull ? BOMBS : BOMBS.slice(0, 1))(
  'refuses %s data that unpacks to too much, in little memory',
  async (name, make, message) => {
    const packed = make();
    const before = process.resourceUsage().maxRSS;
    expect(await refusal(packed)).toEqual(['ERR_HOST_ARCHIVE', message]);
    // The decoder of bzip2 makes blocks of up to 46 MB whole, as lists of numbers.
    const allowed = name === 'gzip' ? 512 : 4096;
    expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(allowed);
  },
);
