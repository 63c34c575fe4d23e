import { type WhyNoneReport, whyNoneSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const rules = (name: string): string => `fixtures/recorded/rules/${name}.tar.gz`;

/** Each question, with the rule that answers it. */
const QUESTIONS: Readonly<
  Record<string, { readonly words: readonly string[]; readonly status: number; readonly rule?: string }>
> = {
  'no table': { words: [rules('no-iommu')], status: 1, rule: 'no-iommu-in-firmware' },
  'iommu=off': { words: [rules('cmdline-iommu-off')], status: 1, rule: 'vtd-disabled' },
  'amd_iommu=off': { words: [rules('amd-iommu-off')], status: 1, rule: 'amdvi-disabled' },
  'drivers not probed': { words: [rules('smmuv3-dt-unbound'), '02:00.0'], status: 1, rule: 'waits-for-driver' },
  'the IOMMU itself': { words: [rules('ivrs-ivmd'), '00:01.0'], status: 1, rule: 'ivrs-own-function' },
  'left out by the table': {
    words: [rules('amd-pxb-pcie-bypass-iommu')],
    status: 0,
    rule: 'not-in-ivrs',
  },
  groups: { words: [rules('cmdline-intel-iommu-default')], status: 0 },
};

test.each(Object.entries(QUESTIONS))('%s fits the terminal, with the same words in colour', (_, { words, status }) => {
  const all = ['why-none', ...words, '--quiet'];
  const [bare, coloured] = [iommuAt(80, false, all), iommuAt(80, true, all)];
  expect(bare).toMatchObject({ status, stderr: '' });
  expect(tooWide(bare.stdout, 80)).toEqual([]);
  expect(plain(coloured.stdout)).toBe(bare.stdout);
});

test('prints JSON that its schema describes, with the rule', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(whyNoneSchema);
  for (const [name, { words, status, rule }] of Object.entries(QUESTIONS)) {
    const ended = iommu(['why-none', ...words, '--json']);
    expect(ended.status, name).toBe(status);
    const report = JSON.parse(ended.stdout) as WhyNoneReport;
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    if (rule === undefined) expect(report.causes).toEqual([]);
    else expect(report.causes.map((cause) => cause.rule)).toContain(rule);
  }
});

test.each([
  [['why-none', rules('no-iommu'), '00:02.0', '00:03.0'], /at most one device/],
  [['why-none', rules('no-iommu'), '09:00.0'], /ERR_DEVICE_UNKNOWN/],
])('%j is wrong usage', (words, message) => {
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
