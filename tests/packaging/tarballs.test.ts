import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { type FileTree, readTar } from '@iommu/host';
import { readDocuments } from '@iommu/sysfs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { packAll, published, removePacked, runTool } from '../support/packed.js';

let tarballs: ReadonlyMap<string, string>;

beforeAll(() => {
  tarballs = packAll();
  return () => removePacked(tarballs);
}, 120_000);

const textOf = (tree: FileTree, path: string): string => new TextDecoder().decode(tree.read(`package/${path}`));

/** All files of a tarball. */
const filesOf = (tree: FileTree, folder = ''): string[] =>
  tree
    .list(`package/${folder}`)
    .flatMap((entry) => {
      const path = join(folder, entry);
      const below = filesOf(tree, path);
      return below.length > 0 ? below : [path];
    })
    .sort();

/** Documents of `/sys`, which another test counts. */
const isDocument = (path: string): boolean => /^(?:dist\/)?Documentation\//.test(path);

/** The name of what several entries share changes with its content. */
const withoutHash = (path: string): string => path.replace(/chunk-[A-Z0-9]{8}\./, 'chunk-….');

const checkedOut = (name: string, folder: string): string[] =>
  readdirSync(join(root, 'packages', name, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(root, 'packages', name, folder), join(entry.parentPath, entry.name)))
    .sort();

const bytesOf = (name: string): Buffer => readFileSync(tarballs.get(name)!);

describe.each(published)('the tarball of %s', (name) => {
  test('holds what is listed, and each source with its declaration and its map', async () => {
    const paths = filesOf(await readTar(bytesOf(name)));
    const sources = paths.flatMap((path) => /^src\/(.*)\.ts$/.exec(path)?.[1] ?? []);
    const declared = sources.flatMap((source) => [`dist/${source}.d.ts`, `dist/${source}.d.ts.map`]);
    expect(paths).toEqual(expect.arrayContaining(declared));
    expect(sources.map((source) => `${source}.ts`)).toEqual(
      name === 'cli' ? [] : checkedOut(name, 'src').filter((path) => path.endsWith('.ts')),
    );
    const rest = paths
      .map(withoutHash)
      .filter((path) => !path.startsWith('src/') && !declared.includes(path) && !isDocument(path));
    await expect(`${rest.join('\n')}\n`).toMatchFileSnapshot(`__snapshots__/${name}.txt`);
  });

  test('has maps that lead to sources', async () => {
    const tree = await readTar(bytesOf(name));
    const paths = filesOf(tree);
    const maps = paths.filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(0);
    for (const path of maps) {
      const { sources } = JSON.parse(textOf(tree, path)) as { readonly sources: readonly string[] };
      const found = sources.map((source) => join(dirname(path), source));
      // Of the command they are in the repository alone, and those of the packages within it beside.
      const isThere = (source: string) =>
        name === 'cli' ? existsSync(join(root, 'packages/cli', source)) : paths.includes(source);
      expect(
        found.filter((source) => !isThere(source)),
        path,
      ).toEqual([]);
    }
  });

  test('says nothing of how it is made', async () => {
    const manifest = textOf(await readTar(bytesOf(name)), 'package.json');
    for (const word of ['workspace:', '@iommu/source', 'devDependencies', 'scripts'])
      expect(manifest).not.toContain(word);
  });

  test('passes publint', async () => {
    const file = bytesOf(name);
    const tarball = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength) as ArrayBuffer;
    const { messages, pkg } = await publint({ strict: true, pack: { tarball } });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });
});

test.each([
  ['sysfs', 'package/Documentation/ABI'],
  ['cli', 'package/dist/Documentation/ABI'],
])('the tarball of %s holds every ABI document', async (name, folder) => {
  const tree = await readTar(bytesOf(name));
  for (const { file, text } of readDocuments()) {
    expect(new TextDecoder().decode(tree.read(`${folder}/${file}`)), file).toBe(text);
  }
});

/** Entries that are data, which have no types. */
const dataEntries = (name: string): string[] => {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, unknown>>;
  };
  return Object.keys(exports).filter((entry) => entry.endsWith('.json'));
};

/** Packages that are commands alone export no types. */
const COMMANDS = ['cli', 'create-iommu-driver'];

test.each(published.filter((name) => !COMMANDS.includes(name)))('the types of %s resolve', (name) => {
  const ignored = ['--exclude-entrypoints', ...dataEntries(name)];
  expect(() => runTool('attw', [tarballs.get(name)!, '--profile', 'esm-only', ...ignored])).not.toThrow();
});
