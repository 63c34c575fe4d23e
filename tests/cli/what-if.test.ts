import { type BestSlotReport, bestSlotSchema, type WhatIfReport, whatIfSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const desktop = 'fixtures/authored/workstation-gpu.json';
const old = 'fixtures/recorded/vtd/intel-005.tar.gz';

/** Each question, by a name. */
const QUESTIONS: Readonly<Record<string, { readonly words: readonly string[]; readonly status: number }>> = {
  'another-slot': { words: [desktop, 'move', '01:00.0', 'to', '00:1c.0'], status: 1 },
  'another-card': { words: [desktop, 'remove 02:00.0', 'add switch to 00:01.1'], status: 1 },
  'an-override': { words: [desktop, 'acs-override=downstream'], status: 1 },
  'a-setting': { words: [old, 'acs on 00:04.0', 'iommu=pt'], status: 1 },
  nothing: { words: [desktop, 'acs on 00:1c.0'], status: 0 },
  'best-slot': { words: [desktop, '--best-slot', '01:00.0'], status: 0 },
};

test.each(Object.entries(QUESTIONS))('%s fits the terminal, with the same words in colour', (_, { words, status }) => {
  const all = ['what-if', ...words, '--quiet'];
  const [bare, coloured] = [iommuAt(80, false, all), iommuAt(80, true, all)];
  expect(bare).toMatchObject({ status, stderr: '' });
  expect(tooWide(bare.stdout, 80)).toEqual([]);
  expect(plain(coloured.stdout)).toBe(bare.stdout);
});

test('prints JSON that its schema describes', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  const [whatIf, bestSlot] = [ajv.compile(whatIfSchema), ajv.compile(bestSlotSchema)];
  for (const [name, { words, status }] of Object.entries(QUESTIONS)) {
    const ended = iommu(['what-if', ...words, '--json']);
    expect(ended.status).toBe(status);
    const validate = name === 'best-slot' ? bestSlot : whatIf;
    const report: unknown = JSON.parse(ended.stdout);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  }
});

test('shows both addresses of what moved', () => {
  const { stdout } = iommu(['what-if', desktop, 'move 01:00.0 to 00:1c.0', '--json']);
  const report = JSON.parse(stdout) as WhatIfReport;
  expect(report.moved).toContainEqual({ before: '0000:01:00.0', after: '0000:03:00.0' });
});

test('warns that an override proves nothing', () => {
  expect(iommu(['what-if', desktop, 'acs-override=downstream']).stderr).toContain('isolation not proven');
});

test('takes a kernel, a command line and a policy as where the change starts from', () => {
  const report = (...words: string[]) =>
    JSON.parse(iommu(['what-if', desktop, 'kernel 7.3', '--json', ...words]).stdout) as WhatIfReport;
  expect(report('--cmdline', 'intel_iommu=off').groups).toEqual({ before: 0, after: 0 });
  expect(report('--policy', 'acs-override=downstream').groups.after).toBe(report().groups.after + 3);
});

test('ranks slots after other changes', () => {
  const words = ['what-if', desktop, 'acs on 00:01.0', 'acs on 00:01.1', '--best-slot', '01:00.0', '--json'];
  const { slots } = JSON.parse(iommu(words).stdout) as BestSlotReport;
  expect(slots[0]).toMatchObject({ port: '0000:00:01.0', change: null, companions: [], bridges: [] });
});

test.each([
  [['what-if'], /expected an input and a change/],
  [['what-if', desktop], /expected a change after the input/],
  [['what-if', desktop, 'fly 01:00.0'], /'fly' is no change; expected one that starts with move, .*ERR_USAGE/],
  [['what-if', desktop, 'move 01:00.0 to 00:1c.1'], /0000:04:00.0 is behind 0000:00:1c.1 already.*ERR_CHANGE/],
  [['what-if', desktop, '--best-slot', '00:01.0'], /part of the board.*ERR_CHANGE/],
])('%j is wrong usage', (words, message) => {
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test('what the input does not tell makes an exit with 3', () => {
  const { status, stderr } = iommu(['what-if', desktop, 'vfs 04:00.0=2']);
  expect(status).toBe(3);
  expect(stderr).toMatch(/SR-IOV capability of 0000:04:00.0.*ERR_CHANGE_UNKNOWN/);
});
