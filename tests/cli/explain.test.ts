import { type ExplainReport, explainSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const desktop = 'fixtures/authored/workstation-gpu.json';
const pairs = 'fixtures/recorded/pairs/disable-acs-on-port-above-switch.tar.gz';
const bridge = 'fixtures/recorded/vtd/intel-003.tar.gz';
const off = 'fixtures/recorded/rules/cmdline-iommu-off.tar.gz';

/** Each question, by a name. */
const QUESTIONS: Readonly<Record<string, { readonly words: readonly string[]; readonly status: number }>> = {
  'two-together': { words: [desktop, '01:00.0', '02:00.0'], status: 0 },
  'two-on-a-conventional-bus': { words: [bridge, '02:03.0', '02:04.0'], status: 0 },
  'two-apart': { words: [bridge, '01:00.0', '00:02.0'], status: 1 },
  'one-of-several': { words: [desktop, '01:00.1'], status: 0 },
  'one-alone': { words: [desktop, '04:00.0'], status: 0 },
  'without-a-group': { words: [off, '00:02.0', '00:1f.0'], status: 1 },
  tree: { words: [desktop, '01:00.0', '02:00.0', '--tree'], status: 0 },
};

test.each(Object.entries(QUESTIONS))('%s fits the terminal, with the same words in colour', (_, { words, status }) => {
  const all = ['explain', ...words, '--quiet'];
  const [bare, coloured] = [iommuAt(80, false, all), iommuAt(80, true, all)];
  expect(bare).toMatchObject({ status, stderr: '' });
  expect(tooWide(bare.stdout, 80)).toEqual([]);
  expect(coloured.stdout).not.toBe(bare.stdout);
  expect(plain(coloured.stdout)).toBe(bare.stdout);
});

test('prints JSON that its schema describes', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(explainSchema);
  for (const { words, status } of Object.values(QUESTIONS)) {
    const ended = iommu(['explain', ...words, '--json']);
    expect(ended.status).toBe(status);
    const report: unknown = JSON.parse(ended.stdout);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  }
});

test('answers as another kernel, command line or policy', () => {
  const relation = (...words: string[]) =>
    (JSON.parse(iommu(['explain', desktop, '01:00.0', '02:00.0', '--json', ...words]).stdout) as ExplainReport)
      .relation;
  expect(relation('--policy', 'acs-override=downstream')).toBe('apart');
  expect(relation('--cmdline', 'intel_iommu=off')).toBe('ungrouped');
  const report = JSON.parse(
    iommu(['explain', desktop, '01:00.0', '--json', '--kernel', '7.3']).stdout,
  ) as ExplainReport;
  expect(report.machine.kernel).toBe('7.3');
});

test('says what is unknown and how to get it, and exits with 3', () => {
  const text = [
    '00:00.0 Host bridge [0600]: Intel Corporation Device [8086:3e30]',
    '00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:a338]',
    '\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0',
    '\tCapabilities: <access denied>',
    '01:00.0 VGA compatible controller [0300]: NVIDIA Corporation Device [10de:2684]',
    '\tCapabilities: <access denied>',
    '',
  ].join('\n');
  const { status, stdout } = iommu(['explain', '-', '01:00.0', '00:1c.0'], { input: text });
  expect(status).toBe(3);
  expect(stdout).toContain('Not in the input, and supposed');
  expect(stdout).toContain('capability list of 0000:00:1c.0: read as root: sudo lspci -vvvnn');
});

test.each([
  [['explain'], /expected an input and one device or two/],
  [['explain', pairs], /expected an input and one device or two/],
  [['explain', pairs, '00:02.0', '00:03.0', '00:04.0'], /expected an input and one device or two/],
  [['explain', desktop, '09:00.0'], /no device '09:00.0' on this machine.*ERR_DEVICE_UNKNOWN/],
])('%j is wrong usage', (words, message) => {
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
