import { expect, test } from 'vitest';
import { parseDmesg } from '../src/dmesg.js';
import { LOG, logText, PREFIXES } from './support/dmesg-text.js';

const facts = (...lines: string[]) => parseDmesg(lines.join('\n'));

test.each(PREFIXES)('reads a log with %s before its lines', (_, prefix) => {
  expect(parseDmesg(logText(prefix))).toEqual({
    kernel: {
      release: '6.1.0-56-amd64',
      commandLine: 'BOOT_IMAGE=/vmlinuz root=/dev/sda1 iommu.strict=0 quiet',
    },
    rootBuses: ['0000:80', '0000:00'],
    order: ['0000:80:00.0', '0000:00:01.0', '0000:00:02.0', '0000:01:00.0'],
    units: [
      {
        name: 'dmar0',
        address: '0xd0000000',
        registers: { version: '0x12', cap: '0x8d2078c106f0466', ecap: '0xf020df' },
      },
    ],
    probes: [
      { device: '0000:00:02.0', driver: 'pcieport' },
      { device: '0000:01:00.0', driver: 'nvme' },
    ],
    observed: [
      { id: 0, devices: ['0000:00:01.0', '0000:00:02.0'] },
      { id: 1, devices: ['0000:80:00.0'] },
      { id: 2, devices: ['0000:01:00.0'] },
    ],
  });
});

test('reads line ends of Windows', () => {
  expect(parseDmesg(logText().replaceAll('\n', '\r\n'))).toEqual(parseDmesg(logText()));
});

test('reads nothing of a text that is no log', () => {
  expect(facts('Hello', '')).toEqual({ kernel: {}, rootBuses: [], order: [], units: [], probes: [], observed: [] });
});

test('takes the first of two boots for the kernel', () => {
  const { kernel } = facts('Linux version 6.1.0', 'Linux version 6.2.0', 'Command line: a', 'Command line: b');
  expect(kernel).toEqual({ release: '6.1.0', commandLine: 'a' });
});

test('reads an empty command line', () => {
  expect(facts('Command line: ').kernel).toEqual({ commandLine: '' });
});

test('reads group lines as kernels up to 5.2 print them', () => {
  expect(
    facts('iommu: Adding device 0000:00:02.0 to group 1', 'iommu: Adding device 0000:00:00.0 to group 0').observed,
  ).toEqual([
    { id: 0, devices: ['0000:00:00.0'] },
    { id: 1, devices: ['0000:00:02.0'] },
  ]);
});

test('reads group lines that name the reason of a mapping', () => {
  expect(facts('iommu: Adding device 0000:00:02.0 to group 1 (using direct mapping)').observed).toEqual([
    { id: 1, devices: ['0000:00:02.0'] },
  ]);
});

test('reads groups of devices that are not on PCI', () => {
  expect(facts('platform 9040000.ethernet: Adding to iommu group 3').observed).toEqual([
    { id: 3, devices: ['9040000.ethernet'] },
  ]);
});

test.each([
  ['now', 'pci 0000:00:02.0: Removing from iommu group 0'],
  ['up to 5.2', 'iommu: Removing device 0000:00:02.0 from group 0'],
])('takes a device out that left its group, as kernels say it %s', (_, removing) => {
  const joined = LOG.filter((line) => line.includes('group 0'));
  expect(facts(...joined, removing).observed).toEqual([{ id: 0, devices: ['0000:00:01.0'] }]);
});

test('shows no group that all devices left', () => {
  expect(
    facts('pci 0000:00:02.0: Adding to iommu group 0', 'pci 0000:00:02.0: Removing from iommu group 0').observed,
  ).toEqual([]);
});

test('puts a device that joined twice into its last group', () => {
  expect(
    facts('pci 0000:00:02.0: Adding to iommu group 0', 'pci 0000:00:02.0: Adding to iommu group 4').observed,
  ).toEqual([{ id: 4, devices: ['0000:00:02.0'] }]);
});

test('counts a function that was found twice at its first place', () => {
  expect(facts(...LOG, 'pci 0000:80:00.0: [f00d:0100] type 00 class 0x060000').order[0]).toBe('0000:80:00.0');
});

test('reads a unit whose registers do not answer', () => {
  const line = 'DMAR: [Firmware Bug]: Your BIOS is broken; DMAR reported at address fed90000 returns all ones!';
  expect(facts(line).units).toEqual([{ address: '0xfed90000', responds: false }]);
});

test('reads a unit that is printed twice once', () => {
  const line = LOG.find((one) => one.includes('reg_base_addr')) ?? '';
  expect(facts(line, line).units).toHaveLength(1);
});

const TRANSLATED = 'iommu: Default domain type: Translated';
const PASSTHROUGH = 'iommu: Default domain type: Passthrough';
const FLUSH = 'iommu: DMA domain TLB invalidation policy:';
const ASKED = '(set via kernel command line)';

test.each([
  ['passthrough', [PASSTHROUGH], 'passthrough'],
  ['lazy', [TRANSLATED, `${FLUSH} lazy mode`], 'lazy'],
  ['strict', [TRANSLATED, `${FLUSH} strict mode`], 'strict'],
  ['nothing, where the command line chose passthrough', [`${PASSTHROUGH} ${ASKED}`], undefined],
  ['nothing, where the command line chose the policy', [TRANSLATED, `${FLUSH} strict mode ${ASKED}`], undefined],
  ['nothing, where the policy is not in the log', [TRANSLATED], undefined],
])('finds that the configuration says %s', (_, lines, domain) => {
  expect(facts(...lines).kernel.config?.defaultDomain).toBe(domain);
});

const VTD_ON = 'DMAR: Intel(R) Virtualization Technology for Directed I/O';

test.each([
  ['a kernel whose command line does not ask for it', ['Command line: quiet', VTD_ON], true],
  ['no kernel whose command line asks for it', ['Command line: quiet intel_iommu=on', VTD_ON], undefined],
  ['no kernel whose command line is not in the log', [VTD_ON], undefined],
  ['no kernel that does not say that VT-d is on', ['Command line: quiet'], undefined],
])('finds VT-d on by default in %s', (_, lines, on) => {
  expect(facts(...lines).kernel.config?.intelIommuDefaultOn).toBe(on);
});

test.each([
  ['[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x413fd0c1]', 'aarch64'],
  ['[    0.000000] Linux version 6.1.0-21-arm64 (gcc (aarch64-linux-gnu-gcc) 12.2)', 'aarch64'],
  ['[    0.000000] Booting Linux on physical CPU 0x0', undefined],
])('knows the machine by %s', (line, arch) => {
  expect(parseDmesg(line).kernel.arch).toBe(arch);
});
