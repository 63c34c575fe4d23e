import { expect, test } from 'vitest';
import { nodeAt, type SysfsDirectory } from '../../src/node.js';
import { listLines } from '../../src/sinks/list-lines.js';
import { smallTree } from '../support/small-tree.js';

test('lists modes, sizes and targets, directory after directory', () => {
  const groups = nodeAt(smallTree(), 'kernel/iommu_groups') as SysfsDirectory;
  expect([...listLines(groups, { name: '/sys/kernel/iommu_groups' })]).toEqual([
    '/sys/kernel/iommu_groups:',
    'drwxr-xr-x root root 0 7',
    '',
    '/sys/kernel/iommu_groups/7:',
    'drwxr-xr-x root root    0 devices',
    '-r--r--r-- root root 4096 reserved_regions',
    '-rw-r--r-- root root 4096 type',
    '',
    '/sys/kernel/iommu_groups/7/devices:',
    'lrwxrwxrwx root root 0 0000:00:01.0 -> ../../../../devices/pci0000:00/0000:00:01.0',
  ]);
});

test('shows a file that is only written as such', () => {
  const device = nodeAt(smallTree(), 'devices/pci0000:00/0000:00:01.0') as SysfsDirectory;
  expect([...listLines(device)]).toContain('--w------- root root 4096 remove');
});

test('lists no more levels than asked for', () => {
  expect([...listLines(smallTree(), { depth: 1 })]).toEqual([
    '/sys:',
    'drwxr-xr-x root root 0 bus',
    'drwxr-xr-x root root 0 devices',
    'drwxr-xr-x root root 0 kernel',
  ]);
});
