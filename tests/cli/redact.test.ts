import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { entriesToTar, readTar } from '@iommu/host';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { plantedRoot, temporaryFolder } from '../support/fake-root.js';
import { planted, SECRET_LINES, secretsIn } from '../support/secrets.js';

const NAME = 'rules/root-port-with-acs';
const recorded = `fixtures/recorded/${NAME}.tar.gz`;
const groups = (input: string): string => iommu(['groups', input]).stdout;

test('an archive stays an archive, packed as its name says', async () => {
  const folder = temporaryFolder();
  const input = join(folder, 'in.tar.gz');
  writeFileSync(input, gzipSync(await entriesToTar(await planted(readFileSync(recorded)))));
  for (const name of ['out.tar', 'out.tar.gz', 'out.tgz']) {
    const output = join(folder, name);
    expect(iommu(['redact', input, '-o', output])).toEqual({ status: 0, stdout: '', stderr: '' });
    const bytes = readFileSync(output);
    expect(secretsIn(name === 'out.tar' ? bytes : gunzipSync(bytes))).toEqual([]);
    expect(groups(output)).toBe(groups(input));
  }
});

test('a folder becomes a folder, or an archive if the name is one', async () => {
  const root = await plantedRoot(NAME);
  const folder = temporaryFolder();
  const output = join(folder, 'out');
  expect(iommu(['redact', root, '-o', output]).status).toBe(0);
  expect(groups(output)).toBe(groups(root));
  expect(iommu(['redact', output, '-o', join(folder, 'out.tar')]).status).toBe(0);
  const tar = readFileSync(join(folder, 'out.tar'));
  expect(secretsIn(tar)).toEqual([]);
  expect((await readTar(tar)).list('')).toContain('capture.json');
  const again = iommu(['redact', root, '-o', output]);
  expect(again.status).toBe(2);
  expect(again.stderr).toContain('is not empty');
  expect(iommu(['redact', root]).stderr).toContain('ERR_USAGE');
});

test('text stays text, from a file or a pipe', () => {
  const text = `00:1f.0 ISA bridge [0601]: Intel Corporation Device [8086:2918]\n\tIOMMU group: 2\n${SECRET_LINES.join('\n')}\n`;
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'x'));
  writeFileSync(join(folder, 'in.txt'), text);
  const piped = iommu(['redact', '-'], { input: text });
  expect(piped).toMatchObject({ status: 0, stderr: '' });
  expect(secretsIn(Buffer.from(piped.stdout))).toEqual([]);
  expect(piped.stdout).toContain('\tIOMMU group: 2\n');
  expect(iommu(['redact', join(folder, 'in.txt')]).stdout).toBe(piped.stdout);
});

test('a machine as JSON stays one', () => {
  const json = iommu(['convert', recorded]).stdout;
  const redacted = iommu(['redact', '-'], { input: json });
  expect(JSON.parse(redacted.stdout)).toMatchObject({ schema: 1 });
  expect(iommu(['groups', '-'], { input: redacted.stdout }).stdout).toBe(groups(recorded));
});

test('wrong usage and unreadable input exit with 2', () => {
  for (const words of [
    ['redact'],
    ['redact', 'no-such-file'],
    ['redact', 'LICENSE'],
    ['redact', recorded, '-o', 'x.tar.xz'],
  ]) {
    const { status, stdout, stderr } = iommu(words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).not.toContain('    at ');
  }
});
