import { expect, test } from 'vitest';
import { parseDmesg } from '../src/dmesg.js';

const probes = (...lines: string[]) =>
  parseDmesg(lines.join('\n')).probes.map(({ device, driver }) => `${driver} ${device}`);

test('takes the order in which drivers first spoke of their devices', () => {
  expect(
    probes(
      'pcieport 0000:00:02.0: PME: Signaling with IRQ 55',
      'e1000e 0000:01:00.0: Interrupt Throttling Rate (ints/sec) set to dynamic conservative mode',
      'pcieport 0000:00:02.0: AER: enabled with IRQ 55',
      'xhci_hcd 0000:00:14.0: xHCI Host Controller',
    ),
  ).toEqual(['pcieport 0000:00:02.0', 'e1000e 0000:01:00.0', 'xhci_hcd 0000:00:14.0']);
});

test('keeps two drivers of one device apart', () => {
  expect(probes('pcieport 0000:00:02.0: x', 'pci-stub 0000:00:02.0: claimed by stub')).toHaveLength(2);
});

test('reads the line by which nvme names its function', () => {
  expect(probes('[    1.2] nvme nvme0: pci function 0000:01:00.0')).toEqual(['nvme 0000:01:00.0']);
});

test('reads the line in which a serial port names its function', () => {
  expect(probes('[    1.2] 0000:04:05.0: ttyS4 at I/O 0x1000 (irq = 22, base_baud = 115200) is a 16550A')).toEqual([
    'serial 0000:04:05.0',
  ]);
});

test.each([
  ['of a device without a driver', 'pci 0000:00:02.0: enabling device (0000 -> 0002)'],
  ['of a bus', 'pci_bus 0000:02: resource 0 [io 0x1000-0x1fff]'],
  ['on joining a group', 'pcieport 0000:00:02.0: Adding to iommu group 0'],
  ['on a stream that is taken', 'pci-stub 0000:03:0b.6: stream 24 already in tree from dev 0000:00:03.0'],
  [
    'on a stream that is taken, as later kernels say it',
    'nvme 0000:01:00.0: Aliasing StreamID 0x10 (from 0000:00:02.0) unsupported',
  ],
  ['that only mentions a function', 'vgaarb: setting as boot device: PCI:0000:00:02.0'],
])('takes no line %s', (_, line) => {
  expect(probes(line)).toEqual([]);
});
