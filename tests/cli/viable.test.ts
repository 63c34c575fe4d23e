import { type ViableReport, viableSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { iommuAt, plain, tooWide } from '../support/terminal.js';

const desktop = 'fixtures/authored/workstation-gpu.json';
const direct = 'fixtures/recorded/rules/ivrs-ivmd.tar.gz';

/** Each question, by a name. */
const QUESTIONS: Readonly<Record<string, { readonly words: readonly string[]; readonly status: number }>> = {
  'a card with a companion': { words: [desktop, '01:00.0', '01:00.1'], status: 1 },
  'all of its group': { words: [desktop, '01:00.0', '01:00.1', '02:00.0'], status: 0 },
  'the same in 2012': { words: [desktop, '01:00.0', '01:00.1', '02:00.0', '--rule', '2012'], status: 1 },
  'the same today, on an old kernel': {
    words: [desktop, '01:00.0', '01:00.1', '02:00.0', '--rule', 'today', '--kernel', '3.10'],
    status: 0,
  },
  'a driver that uses DMA': { words: [desktop, '04:00.0', '--driver', 'igb_uio'], status: 1 },
  'a direct region': { words: [direct, '01:00.0'], status: 1 },
  'drivers unknown': { words: ['fixtures/authored/conventional-pci.json', '06:0d.1'], status: 3 },
};

test.each(Object.entries(QUESTIONS))('%s fits the terminal, with the same words in colour', (_, { words, status }) => {
  const all = ['viable', ...words, '--quiet'];
  const [bare, coloured] = [iommuAt(80, false, all), iommuAt(80, true, all)];
  expect(bare).toMatchObject({ status, stderr: '' });
  expect(tooWide(bare.stdout, 80)).toEqual([]);
  expect(plain(coloured.stdout)).toBe(bare.stdout);
});

test('prints JSON that its schema describes', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(viableSchema);
  for (const { words, status } of Object.values(QUESTIONS)) {
    const ended = iommu(['viable', ...words, '--json']);
    expect(ended.status).toBe(status);
    const report: unknown = JSON.parse(ended.stdout);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  }
});

test('names the errno of the claim and of the probe', () => {
  const report = (...words: string[]) => JSON.parse(iommu(['viable', ...words, '--json']).stdout) as ViableReport;
  expect(report(desktop, '01:00.0').together).toMatchObject({ errno: 'EPERM', refusedBy: 'claim' });
  expect(report(direct, '01:00.0').together).toMatchObject({ errno: 'EINVAL', refusedBy: 'claim' });
  expect(report(direct, '00:01.0').together).toMatchObject({ errno: 'EINVAL', refusedBy: 'driver-probe' });
});

/** What `lspci -vvvnn` prints of a card alone in its group, its port, and a host bridge. */
const LSPCI = `00:00.0 Host bridge [0600]: Intel Corporation Device [8086:a700] (rev 01)

00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:7ab8] (prog-if 00 [Normal decode])
	Bus: primary=00, secondary=01, subordinate=01, sec-latency=0
	Capabilities: [40] Express (v2) Root Port (Slot+), MSI 00
	Capabilities: [150 v1] Access Control Services
		ACSCap:	SrcValid+ TransBlk+ ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
		ACSCtl:	SrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-
	Kernel driver in use: pcieport

01:00.0 Ethernet controller [0200]: Intel Corporation Device [8086:15f3]
	Capabilities: [40] Express (v2) Endpoint, MSI 00
	Kernel driver in use: igc
`;

test('text of lspci tells drivers, and leaves open what firmware demands', () => {
  const { status, stdout } = iommu(['viable', '-', '01:00.0'], { input: LSPCI });
  expect(status).toBe(3);
  expect(stdout).toMatch(/^01:00.0 {2}viable, as far as the input tells\n/);
  expect(stdout).toContain('Whether the firmware demands a direct mapping');
});

test.each([
  [['viable'], /expected an input and a device/],
  [['viable', desktop], /expected an input and a device/],
  [['viable', desktop, '09:00.0'], /no device '09:00.0'.*ERR_DEVICE_UNKNOWN/],
  [['viable', desktop, '01:00.0', '--rule', '1999'], /today/],
])('%j is wrong usage', (words, message) => {
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
