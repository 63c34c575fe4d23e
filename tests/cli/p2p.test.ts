import { p2pSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const bridge = 'fixtures/recorded/vtd/intel-003.tar.gz';
const desktop = 'fixtures/authored/workstation-gpu.json';
const server = 'fixtures/recorded/rules/switch-downstream-mixed-acs.tar.gz';

/** Each question, with the exit status of its answer. */
const QUESTIONS: readonly (readonly [words: readonly string[], status: number])[] = [
  [[bridge, '02:03.0', '02:04.0'], 0],
  [[server, '03:00.0', '04:00.0'], 1],
  [[desktop, '01:00.0', '04:00.0'], 3],
];

test.each(QUESTIONS)('%j fits the terminal, with the same words in colour', (question, status) => {
  const words = ['p2p', ...question, '--quiet'];
  const [bare, coloured] = [iommuAt(80, false, words), iommuAt(80, true, words)];
  expect(bare).toMatchObject({ status, stderr: '' });
  expect(tooWide(bare.stdout, 80)).toEqual([]);
  expect(plain(coloured.stdout)).toBe(bare.stdout);
});

test('prints JSON that its schema describes', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(p2pSchema);
  for (const [words, status] of QUESTIONS) {
    const ended = iommu(['p2p', ...words, '--json']);
    expect(ended.status).toBe(status);
    expect(validate(JSON.parse(ended.stdout)), JSON.stringify(validate.errors)).toBe(true);
  }
});

test.each([
  [['p2p', desktop, '01:00.0'], /to/],
  [['p2p', desktop, '01:00.0', '01:00.0'], /0000:01:00.0 twice; expected two devices.*ERR_USAGE/],
  [['p2p', desktop, '01:00.0', '00:01.0'], /above one another.*ERR_USAGE/],
  [['p2p', desktop, '01:00.0', '99:00.0'], /99:00.0.*ERR_DEVICE_UNKNOWN/],
])('%j is wrong usage', (words, message) => {
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
