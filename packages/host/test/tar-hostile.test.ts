import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { needsFullRun } from '../../../tests/support/needs.js';
import { readText } from '../src/file-tree.js';
import { readMachineBytes } from '../src/read-machine.js';
import { type ArchiveLimits, readTar } from '../src/tar.js';
import { paxRecord, rawEntry, rawTar } from './support/raw-tar.js';

const MIB = 1024 * 1024;
const SMALL: ArchiveLimits = { bytes: 4 * MIB, entries: 100 };

const refusal = async (bytes: Uint8Array, limits?: ArchiveLimits): Promise<string> => {
  try {
    await readTar(bytes, limits);
  } catch (error) {
    return `${(error as { code?: string }).code} ${(error as Error).message}`;
  }
  return 'read';
};

/** An entry whose name or link stands in an extended header. */
const extended = (key: string, value: string, type = '0'): Buffer =>
  Buffer.concat([
    rawEntry({ name: 'PaxHeader', type: 'x' }, paxRecord(key, value)),
    rawEntry({ name: 'b', type, link: 'c' }),
  ]);

const gnuLong = (name: string): Buffer =>
  Buffer.concat([rawEntry({ name: '././@LongLink', type: 'L' }, `${name}\0`), rawEntry({ name: 'b' })]);

describe('refuses a name that leads out of the archive', () => {
  test.each([
    ['in a header', rawEntry({ name: '../evil' })],
    ['that is absolute', rawEntry({ name: '/evil' })],
    ['in an extended header', extended('path', 'a/../../evil')],
    ['that is absolute in an extended header', extended('path', '/evil')],
    ['in a long name of GNU', gnuLong('a/../../evil')],
    ['of a directory', rawEntry({ name: 'a/../..', type: '5' })],
    ['of a link', rawEntry({ name: '../a', type: '2', link: 'x' })],
  ])('%s', async (_, entry) => {
    expect(await refusal(rawTar(entry))).toMatch(/^ERR_HOST_ARCHIVE entry '.*' lies outside the archive$/);
  });

  test.each([
    ['in a header', rawEntry({ type: '1', link: '../../etc/passwd' })],
    ['in an extended header', extended('linkpath', '/etc/passwd', '1')],
  ])('as the target of a hard link %s', async (_, entry) => {
    expect(await refusal(rawTar(entry))).toMatch(/^ERR_HOST_ARCHIVE entry '.*etc\/passwd' lies outside the archive$/);
  });
});

describe('refuses an entry below what is no directory, which a writer would follow', () => {
  const link = rawEntry({ name: 'a', type: '2', link: '/etc' });
  const file = rawEntry({ name: 'a' }, 'text');
  test.each([
    ['a file below a link', link, rawEntry({ name: 'a/b' })],
    ['a file far below a link', link, rawEntry({ name: 'a/b/c/d' })],
    ['a directory below a link', link, rawEntry({ name: 'a/b', type: '5' })],
    ['a link below a link', link, rawEntry({ name: 'a/b', type: '2', link: 'x' })],
    ['a file below a file', file, rawEntry({ name: 'a/b' })],
    ['a directory in place of a link', link, rawEntry({ name: 'a', type: '5' })],
    ['a directory in place of a file', file, rawEntry({ name: 'a/', type: '5' })],
    ['a link in place of a directory', rawEntry({ name: 'a/b' }), link],
    ['a file in place of an empty directory', rawEntry({ name: 'a', type: '5' }), file],
  ])('%s', async (_, first, second) => {
    expect(await refusal(rawTar(first, second))).toMatch(
      /^ERR_HOST_ARCHIVE '.*' cannot be there: 'a' is a (?:file|link|directory)$/,
    );
  });

  test('and takes the last of several files and links of one name', async () => {
    const file2 = rawEntry({ name: 'a' }, 'again');
    const linked = await readTar(rawTar(file, link));
    expect([linked.read('a'), linked.link('a')]).toEqual([undefined, '/etc']);
    const filed = await readTar(rawTar(link, file, file2));
    expect([readText(filed, 'a'), filed.link('a')]).toEqual(['again', undefined]);
  });
});

test.each([
  ['character-device', '3'],
  ['block-device', '4'],
  ['fifo', '6'],
  ['unknown type', 'S'],
  ['unknown type', 'Z'],
])('refuses a %s (%s)', async (what, type) => {
  expect(await refusal(rawTar(rawEntry({ type })))).toMatch(`ERR_HOST_ARCHIVE entry 'a' is `);
  expect(await refusal(rawTar(rawEntry({ type })))).toMatch(what);
});

describe('refuses names that no system takes', () => {
  test('because they are too long', async () => {
    const name = `${'a/'.repeat(2048)}b`;
    expect(await refusal(rawTar(extended('path', name)))).toMatch(/^ERR_HOST_ARCHIVE .*more than 4095 bytes$/);
    expect(await refusal(rawTar(gnuLong(name)))).toMatch(/^ERR_HOST_ARCHIVE .*more than 4095 bytes$/);
    expect(await refusal(rawTar(extended('path', 'ü'.repeat(2048))))).toMatch(/more than 4095 bytes$/);
    expect(await refusal(rawTar(extended('path', name.slice(0, 4095))))).toBe('read');
  });

  test('because of a zero byte', async () => {
    expect(await refusal(rawTar(extended('path', 'a\0b')))).toMatch(/^ERR_HOST_ARCHIVE .*zero byte/);
  });
});

describe('believes no size', () => {
  test.each([
    ['of 8 GiB', '77777777777'],
    ['in binary, of 2^63', Uint8Array.of(0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0)],
    ['in binary, below zero', new Uint8Array(12).fill(0xff)],
  ])('%s, with nothing behind it', async (_, size) => {
    const before = process.memoryUsage().rss;
    expect(await refusal(rawTar(rawEntry({ size }, 'text')))).toMatch(/^ERR_HOST_ARCHIVE not a whole tar archive/);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * MIB);
  });

  test.each(['99999999999999999999', '-1', '-512', 'NaN', '0x7fffffff'])(
    'of %s in an extended header',
    async (size) => {
      expect(await refusal(rawTar(extended('size', size), rawEntry({ name: '../evil' })))).toMatch(
        /^ERR_HOST_ARCHIVE /,
      );
    },
  );
});

describe('refuses headers that say too much of the next one', () => {
  const records = (bytes: number): string => {
    const all: string[] = [];
    for (let at = 0, length = 0; length < bytes; at++)
      length += all[all.push(paxRecord(`k${at}`, 'v')) - 1]?.length ?? 0;
    return all.join('');
  };

  test.each([
    ['an extended header', 'x', 65],
    ['an extended header for all that follow', 'g', 5],
    ['a long name', 'L', 65],
    ['a long name of another kind', 'N', 65],
    ['a long target', 'K', 65],
  ])('%s', async (_, type, kib) => {
    expect(await refusal(rawTar(rawEntry({ type }, records(kib * 1024)), rawEntry({})))).toMatch(
      /^ERR_HOST_ARCHIVE an extended header of more than \d+ KiB$/,
    );
  });

  test('and takes those that other programs write', async () => {
    const global = rawEntry({ type: 'g' }, paxRecord('comment', 'f'.repeat(40)));
    const tree = await readTar(rawTar(global, extended('path', 'x'), rawEntry({ name: 'y' })));
    expect(tree.list('')).toEqual(['x', 'y']);
  });

  test('wherever they start in what the decoder gives', async () => {
    // Bytes that gzip cannot make smaller come in chunks of any length.
    const noise = Buffer.from(Array.from({ length: 100_003 }, (_, at) => Math.imul(at, 2654435761) >>> 24));
    const packed = gzipSync(rawTar(rawEntry({}, noise), rawEntry({ type: 'L' }, records(65 * 1024))));
    expect(await refusal(packed)).toMatch(/^ERR_HOST_ARCHIVE an extended header/);
  });
});

describe('refuses more than its limits:', () => {
  test('entries', async () => {
    const entries = Array.from({ length: 101 }, (_, at) => rawEntry({ name: `${at}` }));
    expect(await refusal(rawTar(...entries.slice(1)), SMALL)).toBe('read');
    expect(await refusal(rawTar(...entries), SMALL)).toBe('ERR_HOST_ARCHIVE more than 100 entries');
  });

  test('entries of one name', async () => {
    const entries = Array.from({ length: 101 }, () => rawEntry({ name: 'a' }));
    expect(await refusal(rawTar(...entries), SMALL)).toBe('ERR_HOST_ARCHIVE more than 100 entries');
  });

  test('directories that only stand in names', async () => {
    expect(await refusal(rawTar(extended('path', 'a/'.repeat(101))), SMALL)).toBe(
      'ERR_HOST_ARCHIVE more than 100 entries',
    );
  });

  test('bytes', async () => {
    const packed = gzipSync(rawTar(rawEntry({}, Buffer.alloc(5 * MIB))));
    expect(packed.length).toBeLessThan(10_000);
    expect(await refusal(packed, SMALL)).toBe('ERR_HOST_ARCHIVE unpacks to more than 4 MiB');
  });

  test('bytes that hard links repeat', async () => {
    const links = Array.from({ length: 5 }, (_, at) => rawEntry({ name: `l${at}`, type: '1', link: 'a' }));
    expect(await refusal(rawTar(rawEntry({}, Buffer.alloc(MIB)), ...links), SMALL)).toBe(
      'ERR_HOST_ARCHIVE unpacks to more than 4 MiB',
    );
  });
});

test('repeats nothing in a message that does something to a terminal', async () => {
  for (const entry of [extended('path', '/\u001b]0;title\u0007'), rawEntry({ name: '\u001b[2J', type: '6' })]) {
    expect(await refusal(rawTar(entry))).toMatch(/^ERR_HOST_ARCHIVE [^\p{Cc}]*$/u);
  }
});

test('cut anywhere it is refused, or what was cut off was nothing', async () => {
  const whole = rawTar(
    rawEntry({ name: 'a/b' }, 'x'.repeat(600)),
    extended('path', 'c'),
    rawEntry({ name: 'l', type: '2' }),
  );
  for (let at = 0; at < whole.length; at += 64) {
    const answer = await refusal(whole.subarray(0, at));
    expect(answer).toMatch(at % 512 === 0 ? /^(?:read|ERR_HOST_ARCHIVE )/ : /^ERR_HOST_ARCHIVE not a whole tar/);
  }
});

test('is refused by the reader of machines too', async () => {
  await expect(readMachineBytes(gzipSync(rawTar(rawEntry({ name: '../evil' }))))).rejects.toMatchObject({
    code: 'ERR_HOST_ARCHIVE',
  });
});

test('reads a million entries and no more, in memory and time that are bounded', async (context) => {
  needsFullRun(context);
  const thousand = Buffer.concat(Array.from({ length: 1000 }, (_, at) => rawEntry({ name: `d${at % 10}/${at}` })));
  const member = gzipSync(thousand);
  const before = process.resourceUsage();
  expect(await refusal(Buffer.concat(Array.from({ length: 1001 }, () => member)))).toBe(
    'ERR_HOST_ARCHIVE more than 1000000 entries',
  );
  const after = process.resourceUsage();
  expect((after.maxRSS - before.maxRSS) / 1024).toBeLessThan(1024);
  expect((after.userCPUTime - before.userCPUTime) / 1e6).toBeLessThan(60);
});
