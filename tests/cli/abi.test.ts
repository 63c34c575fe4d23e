import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { iommu } from '../support/command.js';

const TYPE = 'What:\t\t/sys/kernel/iommu_groups/<group>/type\n';

describe('prints the entry of a path as it stands in its document', () => {
  test.each([
    [['/sys/kernel/iommu_groups/7/type']],
    [['/sys/kernel/iommu_groups/<group>/type']],
    [['/tmp/out/sys/kernel/iommu_groups/7/type']],
    [['/mnt/kernel/iommu_groups/7/type']],
    [['out/sys/kernel/iommu_groups/7/type']],
    [['/sys/bus/pci/devices/0000:01:00.0/iommu_group/type']],
  ])('%j', (paths) => {
    const { status, stdout, stderr } = iommu(['abi', ...paths]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.startsWith(TYPE)).toBe(true);
    expect(stdout).toMatch(/\nDescription:\n\t\tFile, mode 0644/);
  });
});

test('prints several, and one that is asked for twice once', () => {
  const { stdout } = iommu(['abi', '/sys/class/iommu', '/sys/kernel/iommu_groups/1', '/sys/kernel/iommu_groups/2']);
  expect(stdout.match(/^What:.*$/gm)).toEqual([
    'What:\t\t/sys/class/iommu/',
    'What:\t\t/sys/kernel/iommu_groups/<group>/',
  ]);
  expect(stdout.match(/^$/gm)?.length).toBeGreaterThan(1);
});

test('looks what is there, where a link and a directory have one name', () => {
  const top = mkdtempSync(join(tmpdir(), 'iommu-'));
  mkdirSync(join(top, 'sys/devices/pci0000:00/0000:00:00.2/iommu'), { recursive: true });
  mkdirSync(join(top, 'sys/devices/pci0000:00/0000:00:01.0'));
  symlinkSync('../0000:00:00.2/iommu/ivhd0', join(top, 'sys/devices/pci0000:00/0000:00:01.0/iommu'));
  const entry = (name: string) => iommu(['abi', join(top, 'sys/devices/pci0000:00', name, 'iommu')]).stdout;
  expect(entry('0000:00:00.2')).toContain('\nWhat:\t\t/sys/devices/.../iommu/\n');
  expect(entry('0000:00:01.0')).toContain('What:\t\t/sys/devices/.../iommu\n');
});

test('a path that nothing documents: the nearest ones, and exit status 3', () => {
  const { status, stdout, stderr } = iommu(['abi', '/sys/kernel/iommu_groups/7/typ', '/sys/class/iommu']);
  expect(status).toBe(3);
  expect(stdout).toMatch(/^What:\t\t\/sys\/class\/iommu\/\n/);
  expect(stderr).toMatch(
    /^iommu: \/sys\/kernel\/iommu_groups\/7\/typ: .*\n {2}\/sys\/kernel\/iommu_groups\/<group>\/type\n/,
  );
});

test('lists every path with its document', () => {
  const { status, stdout } = iommu(['abi', '--list']);
  expect(status).toBe(0);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toContain('/sys/kernel/iommu_groups/<group>/type\ttesting/sysfs-kernel-iommu_groups');
  expect(lines).toEqual([...lines].sort());
});

test('prints JSON', () => {
  const { status, stdout, stderr } = iommu(['abi', '--json', '/sys/class/iommu/dmar0/intel-iommu/cap', '/sys/x']);
  expect({ status, stderr: stderr.split(':')[0] }).toEqual({ status: 3, stderr: 'iommu' });
  expect(JSON.parse(stdout)).toMatchObject({
    schema: 1,
    paths: [
      {
        asked: '/sys/class/iommu/dmar0/intel-iommu/cap',
        entry: {
          what: ['/sys/devices/.../iommu/<unit>/intel-iommu/cap'],
          date: 'June 2014',
          kernelVersion: '3.17',
          level: 'testing',
        },
      },
      { asked: '/sys/x', path: '/sys/x', entry: null },
    ],
  });
  const list = JSON.parse(iommu(['abi', '--list', '--json']).stdout) as { schema: number; entries: object[] };
  expect(list.schema).toBe(1);
  expect(list.entries.length).toBeGreaterThan(20);
});

test.each([[[]], [['--list', '/sys/class/iommu']]])('%j is wrong usage', (words) => {
  const { status, stdout, stderr } = iommu(['abi', ...words]);
  expect(status).toBe(2);
  expect(stdout).toBe('');
  expect(stderr).toContain('ERR_USAGE');
});
