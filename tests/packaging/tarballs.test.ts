import { readFileSync } from 'node:fs';
import { readTar } from '@iommu/host';
import { readDocuments } from '@iommu/sysfs';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, test } from 'vitest';
import { packAll, published, runTool } from '../support/packed.js';

let tarballs: ReadonlyMap<string, string>;

beforeAll(() => {
  tarballs = packAll();
}, 120_000);

const bytesOf = (name: string): Buffer => readFileSync(tarballs.get(name)!);

describe.each(published)('the tarball of %s', (name) => {
  test('holds what it needs and nothing else', async () => {
    const tree = await readTar(bytesOf(name));
    const top = [...tree.list('package')].sort();
    const code = name === 'cli' ? ['bin', 'dist'] : ['dist', 'src'];
    const documents = name === 'sysfs' ? ['Documentation'] : [];
    expect(top).toEqual(['LICENSE', 'README.md', ...code, ...documents, 'package.json'].sort());
    expect(tree.list('package/dist').length).toBeGreaterThan(1);
  });

  test('depends on published versions, not on the workspace', async () => {
    const tree = await readTar(bytesOf(name));
    const manifest = new TextDecoder().decode(tree.read('package/package.json'));
    expect(manifest).not.toContain('workspace:');
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

test.each(published.filter((name) => name !== 'cli'))('the types of %s resolve', (name) => {
  const output = runTool('attw', [
    tarballs.get(name)!,
    '--profile',
    'esm-only',
    '--format',
    'json',
    '--exclude-entrypoints',
    './machine.schema.json',
    './groups.schema.json',
    './check.schema.json',
    './comparison.schema.json',
  ]);
  expect(JSON.parse(output)).toMatchObject({ problems: {} });
});
