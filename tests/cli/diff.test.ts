import { type DiffReport, diffSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const [old, fresh] = ['', '-k7.3'].map((end) => `fixtures/recorded/rules/smmuv3-dt-unbound${end}.tar.gz`) as [
  string,
  string,
];
const desktop = 'fixtures/authored/workstation-gpu.json';

test('fits the terminal, with the same words in colour', () => {
  const words = ['diff', old, fresh, '--quiet'];
  const [bare, coloured] = [iommuAt(80, false, words), iommuAt(80, true, words)];
  expect(bare).toMatchObject({ status: 1, stderr: '' });
  expect(tooWide(bare.stdout, 80)).toEqual([]);
  expect(plain(coloured.stdout)).toBe(bare.stdout);
});

test('prints JSON that its schema describes', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(diffSchema);
  for (const [words, status] of [
    [[old, fresh], 1],
    [[old, old], 0],
    [[old, desktop, '--by', 'id'], 1],
    [[old, fresh, '--by', 'address', '--computed'], 1],
  ] as const) {
    const ended = iommu(['diff', ...words, '--json']);
    expect(ended.status).toBe(status);
    expect(validate(JSON.parse(ended.stdout)), JSON.stringify(validate.errors)).toBe(true);
  }
});

test('names the kernel as what makes the difference', () => {
  const report = JSON.parse(iommu(['diff', old, fresh, '--json']).stdout) as DiffReport;
  expect(report.differences).toMatchObject([{ kind: 'kernel', matters: true }]);
  expect(report.changed.every(({ causes }) => causes.join() === '0')).toBe(true);
});

test.each([
  [['diff'], /before/],
  [['diff', old], /after/],
  [['diff', old, fresh, '--by', 'name'], /--by name: expected path, address, id.*ERR_USAGE/],
  [['diff', '-', '-'], /only one of the two dumps can come from standard input.*ERR_USAGE/],
  [['diff', old, 'no-such-file'], /no-such-file: cannot be read.*ERR_HOST_INPUT/],
])('%j is wrong usage', (words, message) => {
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
