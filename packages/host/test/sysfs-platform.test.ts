import { expect, test } from 'vitest';
import { subtree } from '../src/file-tree.js';
import { readSysfsPlatform } from '../src/sysfs-platform.js';
import { type Entries, memoryTree } from './support/trees.js';

const IORT = new TextEncoder().encode('IORT....\\_SB_.ETH0\0....');
const PLATFORM = { link: '../../../bus/platform' };

const read = (entries: Entries, acpi: Readonly<Record<string, Uint8Array | string>> = {}) =>
  readSysfsPlatform(subtree(memoryTree(entries), 'sys'), { acpi });

const ethernet = (path: string, depth: string): Entries => ({
  [`sys/devices/platform/${path}/subsystem`]: { link: `${depth}bus/platform` },
  [`sys/devices/platform/${path}/of_node`]: { link: `${depth}firmware/devicetree/base/soc/ethernet@9040000` },
});
const NODE = 'sys/firmware/devicetree/base/soc/ethernet@9040000';

test('reads a device whose node of the device tree has iommus', () => {
  const entries = {
    ...ethernet('9040000.ethernet', '../../../'),
    [`${NODE}/iommus`]: new Uint8Array(8),
    'sys/devices/platform/9040000.ethernet/driver': { link: '../../../bus/platform/drivers/foonet' },
  };
  expect(read(entries)).toEqual([
    {
      name: '9040000.ethernet',
      bus: 'platform',
      path: 'platform/9040000.ethernet',
      firmwareNode: '/soc/ethernet@9040000',
      driver: 'foonet',
    },
  ]);
});

test('reads devices below devices', () => {
  const entries = {
    'sys/devices/platform/soc@0/subsystem': PLATFORM,
    ...ethernet('soc@0/9040000.ethernet', '../../../../'),
    [`${NODE}/iommus`]: new Uint8Array(8),
  };
  expect(read(entries).map(({ path, driver }) => [path, driver])).toEqual([['platform/soc@0/9040000.ethernet', null]]);
});

test('reads a device whose ACPI path stands in a table', () => {
  const entries = {
    'sys/devices/platform/ACME0001:00/subsystem': { link: '../../../bus/amba' },
    'sys/devices/platform/ACME0001:00/firmware_node': { link: '../../LNXSYSTM:00/ACME0001:00' },
    'sys/devices/LNXSYSTM:00/ACME0001:00/path': '\\_SB_.ETH0\n',
  };
  expect(read(entries, { IORT })).toMatchObject([{ name: 'ACME0001:00', bus: 'amba', firmwareNode: '\\_SB_.ETH0' }]);
  expect(read(entries, { SSDT: IORT })).toEqual([]);
  expect(read(entries, { IORT: 'SU9SVA==' })).toEqual([]);
});

test('leaves out devices that no firmware puts behind an IOMMU', () => {
  expect(read(ethernet('9040000.ethernet', '../../../'))).toEqual([]);
});

test('leaves out what is no device, and what a link leads to', () => {
  expect(
    read({
      'sys/devices/platform/power/control': 'auto',
      'sys/devices/platform/link': { link: '../pci0000:00' },
      'sys/devices/platform/serial8250/subsystem': { link: '../../../bus/serial' },
    }),
  ).toEqual([]);
});
