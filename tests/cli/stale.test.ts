import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { staleSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const recorded = 'fixtures/recorded/vtd/intel-003.tar.gz';
const desktop = 'fixtures/authored/workstation-gpu.json';

/** The recording with the bits of one port as setpci would have left them. */
const afterSetpci = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'stale-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'machine.json');
  const machine = JSON.parse(iommu(['convert', 'fixtures/recorded/rules/root-port-with-acs.tar.gz']).stdout);
  for (const one of machine.pci.functions)
    if (one.address === '0000:00:02.0') one.acs = { capability: 'SV RR CR UF', control: 'SV' };
  writeFileSync(path, JSON.stringify(machine));
  expect(readFileSync(path, 'utf8')).toContain('"control":"SV"');
  return path;
};

test('exits with 0, 1 and 3, with JSON that its schema describes', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(staleSchema);
  for (const [path, status, verdict] of [
    [recorded, 0, 'current'],
    [afterSetpci(), 1, 'stale'],
    [desktop, 3, 'unknown'],
  ] as const) {
    const ended = iommu(['stale', path, '--json']);
    const report: unknown = JSON.parse(ended.stdout);
    expect(ended.status).toBe(status);
    expect(report).toMatchObject({ verdict });
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  }
});

test('fits the terminal, with the same words in colour', () => {
  const words = ['stale', afterSetpci(), '--quiet'];
  const [bare, coloured] = [iommuAt(80, false, words), iommuAt(80, true, words)];
  expect(bare).toMatchObject({ status: 1, stderr: '' });
  expect(bare.stdout).toContain('Isolated in name only');
  expect(tooWide(bare.stdout, 80)).toEqual([]);
  expect(plain(coloured.stdout)).toBe(bare.stdout);
});

test('says what cannot be read', () => {
  expect(iommu(['stale', 'no-such-file'])).toMatchObject({ status: 2, stdout: '' });
});
