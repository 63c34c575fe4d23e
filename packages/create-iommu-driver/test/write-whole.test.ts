import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isIommuError } from '@iommu/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeWhole } from '../src/write-whole.js';

let place: string;
let folder: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'iommu-write-'));
  folder = join(place, 'new');
});
afterEach(() => rmSync(place, { recursive: true, force: true }));

const FILES = new Map([
  ['a', 'one\n'],
  ['b/c/d', 'two\n'],
]);
const failure = (code: string) => expect.toSatisfy((error) => isIommuError(error, code), code);

const expectWritten = (): void => {
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('one\n');
  expect(readFileSync(join(folder, 'b/c/d'), 'utf8')).toBe('two\n');
  expect(readdirSync(place)).toEqual(['new']);
};

test('all files are in a new folder, and nothing is left beside it', () => {
  writeWhole(folder, FILES);
  expectWritten();
});

test('a folder that is empty will do', () => {
  mkdirSync(folder);
  writeWhole(folder, FILES);
  expectWritten();
});

test.each<[string, () => void]>([
  [
    'a folder with a hidden file',
    () => {
      mkdirSync(folder);
      writeFileSync(join(folder, '.kept'), '');
    },
  ],
  ['a file', () => writeFileSync(folder, 'kept')],
  ['a link to an empty folder', () => symlinkSync(mkdtempSync(join(place, 'other-')), folder)],
  ['a link to nothing', () => symlinkSync('nothing', folder)],
])('%s stays as it is', (_, make) => {
  make();
  const before = readdirSync(place, { recursive: true });
  expect(() => writeWhole(folder, FILES)).toThrow(failure('ERR_FOLDER_TAKEN'));
  expect(readdirSync(place, { recursive: true })).toEqual(before);
});

test('what fails halfway leaves nothing', () => {
  // No file can be below a file.
  const impossible: [string, string][] = [...FILES, ['a/b', '']];
  expect(() => writeWhole(folder, impossible)).toThrow(failure('ERR_FOLDER_WRITE'));
  expect(readdirSync(place)).toEqual([]);
});

test('who writes there meanwhile loses nothing', () => {
  function* disturbed() {
    yield* FILES;
    mkdirSync(folder);
    writeFileSync(join(folder, 'theirs'), '');
  }
  expect(() => writeWhole(folder, disturbed())).toThrow(failure('ERR_FOLDER_TAKEN'));
  expect(readdirSync(place, { recursive: true })).toEqual(['new', 'new/theirs']);
});

test('where the folder above is missing it is not made', () => {
  expect(() => writeWhole(join(place, 'missing/new'), FILES)).toThrow(failure('ERR_FOLDER_WRITE'));
  expect(existsSync(join(place, 'missing'))).toBe(false);
});
