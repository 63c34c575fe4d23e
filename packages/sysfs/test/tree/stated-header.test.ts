import { boot, type MachinePciFunction } from '@iommu/machine';
import { ConfigSpace, type PciDevice, readConfigFacts } from '@iommu/pci';
import { expect, test } from 'vitest';
import { noRegions, statedHeader } from '../../src/tree/stated-header.js';

const FUNCTIONS: readonly MachinePciFunction[] = [
  {
    address: '0000:00:1c.0',
    id: '8086:a110',
    class: '060400',
    revision: 'f1',
    express: 'root-port',
    secondaryBus: 1,
    subordinateBus: 3,
    multifunction: true,
  },
  { address: '0000:01:00.0', id: '10de:2684', class: '030000', subsystem: '1043:88e2', express: 'endpoint' },
  { address: '0000:00:02.0', id: '10ec:8139', class: '0200', express: null },
  { address: '0000:00:03.0', class: '020000' },
];

const running = boot({ schema: 1, pci: { functions: FUNCTIONS } }, { drivers: [] });
const deviceAt = (name: string): PciDevice => {
  const device = running.topology.find(name);
  if (!device) throw new Error(`no ${name}`);
  return device;
};
const headerOf = (name: string): Uint8Array | undefined => statedHeader(deviceAt(name));

test('says what was stated, where the header has it', () => {
  const facts = readConfigFacts(new ConfigSpace(headerOf('0000:01:00.0') ?? new Uint8Array(), 4096));
  expect(facts).toMatchObject({
    vendor: 0x10de,
    device: 0x2684,
    classCode: 0x030000,
    subsystemVendor: 0x1043,
    subsystemDevice: 0x88e2,
    headerType: 0,
  });
  const port = readConfigFacts(new ConfigSpace(headerOf('0000:00:1c.0') ?? new Uint8Array(), 4096));
  expect(port).toMatchObject({
    vendor: 0x8086,
    revision: 0xf1,
    headerType: 1,
    multifunction: true,
    secondaryBus: 1,
    subordinateBus: 3,
  });
});

test('leaves capabilities unknown where there are some', () => {
  const facts = readConfigFacts(new ConfigSpace(headerOf('0000:01:00.0') ?? new Uint8Array(), 4096));
  expect([facts.express, facts.acs]).toEqual([undefined, undefined]);
});

test('is not made of nothing', () => {
  expect(headerOf('0000:00:02.0')).toHaveLength(64);
  expect(headerOf('0000:00:03.0')).toBeUndefined();
});

test('lists as many empty regions as the kernel does', () => {
  const lines = (name: string) => noRegions(deviceAt(name)).split('\n');
  expect(lines('0000:01:00.0')).toHaveLength(13);
  expect(lines('0000:00:1c.0')).toHaveLength(17);
});
