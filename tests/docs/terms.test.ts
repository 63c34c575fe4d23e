/* What docs/terms.md says is called so in the code. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/command.js';
import { exportedNames } from '../support/exported-names.js';
import { tableRows } from '../support/markdown.js';

const rows = tableRows(readFileSync(join(root, 'docs/terms.md'), 'utf8'));

/** `core`: `Group.id`, `GroupTable`; `machine`: `boot` */
const namesIn = (cell: string): (readonly [string, string])[] =>
  cell.split(/;\s*/).flatMap((part) => {
    const [, from, list] = /^`([\w-]+)`: ((?:`[\w.]+`(?:, )?)+)$/.exec(part) ?? [];
    if (from === undefined || list === undefined) throw new Error(`not a package and its names: ${part}`);
    return [...list.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => [from, name] as const);
  });

const folderOf = (name: string): string =>
  ['packages', 'examples'].map((folder) => join(root, folder, name)).find(existsSync) ?? '';

const named = rows
  .map((cells) => cells.at(-1) ?? '')
  .filter((cell) => cell !== '' && cell !== 'the same')
  .flatMap(namesIn);

test('a term stands once, and is explained', () => {
  const terms = rows.map(([term]) => term);
  expect(terms.length).toBeGreaterThan(60);
  expect(terms.filter((term, at) => terms.indexOf(term) !== at)).toEqual([]);
  for (const [term = '', what = ''] of rows) expect(what, term).toMatch(/[.:]$/);
});

test('every name is exported by the package that it is said to be of', () => {
  expect(named.length).toBeGreaterThan(60);
  const folders = new Map(named.map(([from]) => [from, folderOf(from)]));
  const exported = exportedNames([...folders.values()]);
  const isExported = ([from, name]: readonly [string, string]): boolean =>
    exported.get(folders.get(from) ?? '')?.has(name) ?? false;
  expect(named.filter((one) => !isExported(one)).map(([from, name]) => `${from}: ${name}`)).toEqual([]);
});
