import { expect, test } from 'vitest';
import { parseDmesgPci } from '../src/dmesg-pci.js';
import { LOG } from './support/dmesg-text.js';

test('reads the functions that a log lists, with the buses behind bridges', () => {
  expect(parseDmesgPci(LOG)).toEqual([
    { address: '0000:80:00.0', id: 'f00d:0100', class: '060000', headerType: 0, express: null },
    {
      address: '0000:00:01.0',
      id: 'f00d:0101',
      class: '060400',
      headerType: 1,
      express: 'root-port',
      secondaryBus: 1,
      subordinateBus: 1,
    },
    {
      address: '0000:00:02.0',
      id: 'f00d:0101',
      class: '060400',
      headerType: 1,
      express: 'root-port',
      secondaryBus: 2,
      subordinateBus: 5,
    },
    { address: '0000:01:00.0', id: 'f00d:0110', class: '020000', headerType: 0, express: 'endpoint' },
  ]);
});

test.each([
  ['', undefined],
  [' conventional PCI endpoint', null],
  [' conventional PCI bridge', null],
  [' PCIe Root Port', 'root-port'],
  [' PCIe Switch Upstream Port', 'upstream-port'],
  [' PCIe Switch Downstream Port', 'downstream-port'],
  [' PCIe to PCI/PCI-X bridge', 'pcie-to-pci-bridge'],
  [' PCI/PCI-X to PCIe bridge', 'pci-to-pcie-bridge'],
  [' PCIe Root Complex Integrated Endpoint', 'rc-endpoint'],
  [' PCIe Root Complex Event Collector', 'rc-event-collector'],
  [' PCIe Legacy Endpoint', 'legacy-endpoint'],
  [' PCIe Endpoint', 'endpoint'],
  [' PCIe unknown', undefined],
])('reads the kind "%s"', (kind, express) => {
  expect(parseDmesgPci([`pci 0000:00:01.0: [f00d:0101] type 01 class 0x060400${kind}`])[0]?.express).toBe(express);
});

test.each([
  ['type 00', undefined],
  ['type 00 class 0x02', undefined],
  ['type 00 class 0x020000', '020000'],
])('reads a function whose line was cut after "%s"', (end, code) => {
  expect(parseDmesgPci([`pci 0000:00:01.0: [f00d:0110] ${end}`])).toEqual([
    { address: '0000:00:01.0', id: 'f00d:0110', headerType: 0, ...(code !== undefined && { class: code }) },
  ]);
});

test('reads the bus behind a CardBus bridge', () => {
  const lines = [
    'pci 0000:05:00.0: [f00d:0101] type 02 class 0x060700',
    'pci_bus 0000:06: busn_res: [bus 06-09]',
    'pci 0000:05:00.0: CardBus bridge to [bus 06-09]',
  ];
  expect(parseDmesgPci(lines)[0]).toMatchObject({ headerType: 2, secondaryBus: 6, subordinateBus: 9 });
});

test('leaves out a bridge that the log does not list', () => {
  expect(parseDmesgPci(['pci 0000:05:00.0: PCI bridge to [bus 06-09]'])).toEqual([]);
});

test('reads functions of segments with eight digits', () => {
  expect(parseDmesgPci(['pci 10000:e0:06.0: [f00d:0101] type 01 class 0x060400'])[0]?.address).toBe('10000:e0:06.0');
});

test('leaves out the sideband bridge that a driver looked at and hid again', () => {
  const lines = [
    'pci 0000:00:1f.0: [8086:9d4e] type 00 class 0x060100',
    'pci 0000:00:1f.4: [8086:9d23] type 00 class 0x0c0500',
    'pci 0000:00:1f.1: [8086:9d20] type 00 class 0x058000',
  ];
  const addresses = (log: readonly string[]) => parseDmesgPci(log).map(({ address }) => address);
  expect(addresses(lines)).toEqual(['0000:00:1f.0', '0000:00:1f.4']);
  // Found in its turn, it stays.
  expect(addresses([lines[0] ?? '', lines[2] ?? '', lines[1] ?? ''])).toHaveLength(3);
});

test('leaves out what was seen to go, unless it came back', () => {
  const found = 'pci 0000:07:00.0: [1002:73ff] type 00 class 0x030000';
  const gone = 'pci 0000:07:00.0: Removing from iommu group 16';
  expect(parseDmesgPci([found, gone])).toEqual([]);
  expect(parseDmesgPci([found, gone, found])).toHaveLength(1);
});

test('finds the endpoints that host segments, by the numbers of the segments', () => {
  const vmd = (address: string) => `pci ${address}: [8086:28c0] type 00 class 0x010400`;
  const behind = (address: string) => `pci ${address}: [f00d:0110] type 00 class 0x010802`;
  const lines = [
    vmd('0000:79:00.5'),
    vmd('0000:93:00.5'),
    vmd('0000:ad:00.5'),
    behind('10000:80:02.0'),
    behind('10002:00:06.0'),
  ];
  const hosts = parseDmesgPci(lines).flatMap(({ segmentHost }) => segmentHost ?? []);
  expect(hosts).toEqual(['0000:79:00.5', '0000:ad:00.5']);
});
