import type { Machine } from '@iommu/machine';
import { expect, test } from 'vitest';
import { nodeAt, type SysfsTree, walk } from '../../src/index.js';
import { MACHINE, start } from '../support/machines.js';

const on = (release: string): SysfsTree => start({ ...MACHINE, kernel: { release } } satisfies Machine).tree;

const GPU = 'devices/pci0000:00/0000:00:1c.0/0000:01:00.0';
const NIC = 'devices/pci0000:00/0000:00:1c.0/0000:01:00.1';
const VF = 'devices/pci0000:00/0000:00:1c.0/0000:01:10.1';
const PORT = 'devices/pci0000:00/0000:00:1c.0';
const GROUP = 'kernel/iommu_groups/0';

/** Path, the last release without it, the first with it. */
const SINCE = [
  ['kernel/iommu_groups', '3.5', '3.6'],
  ['class/iommu', '3.16', '3.17'],
  ['class/iommu/toy0', '3.16', '3.17'],
  ['devices/virtual/iommu/toy0', '3.16', '3.17'],
  [`${GPU}/iommu`, '3.16', '3.17'],
  [`${GPU}/iommu_group`, '3.1', '3.2'],
  [`${GROUP}/reserved_regions`, '4.10', '4.11'],
  [`${GROUP}/type`, '4.18', '4.19'],
  [`${GPU}/driver_override`, '3.15', '3.16'],
  [`${GPU}/revision`, '4.9', '4.10'],
  [`${PORT}/secondary_bus_number`, '4.12', '4.13'],
  [`${PORT}/reset_subordinate`, '6.12', '6.13'],
  [`${NIC}/sriov_totalvfs`, '3.7', '3.8'],
  [`${NIC}/sriov_numvfs`, '3.7', '3.8'],
  [`${NIC}/sriov_drivers_autoprobe`, '4.11', '4.12'],
  [`${NIC}/sriov_offset`, '4.14', '4.15'],
  [`${VF}/sriov_vf_msix_count`, '5.12', '5.13'],
] as const;

test.each(SINCE)('%s is not there on %s and is there on %s', (path, without, with_) => {
  expect(nodeAt(on(without).root, path)).toBeUndefined();
  expect(nodeAt(on(with_).root, path)).toBeDefined();
});

test('the type of a group can be written since 5.11', () => {
  const type = (release: string) => {
    const node = nodeAt(on(release).root, `${GROUP}/type`);
    return node?.kind === 'file' ? [node.mode.toString(8), node.write !== undefined] : node;
  };
  expect(type('5.10')).toEqual(['444', false]);
  expect(type('5.11')).toEqual(['644', true]);
});

test('before 3.6 iommu_group is a file with a number that members of one group share', () => {
  const functions = MACHINE.pci?.functions ?? [];
  const { tree, text } = start(
    { ...MACHINE, kernel: { release: '3.5' }, pci: { functions } },
    { together: (name) => name.slice(0, -2) },
  );
  expect(nodeAt(tree.root, `${GPU}/iommu_group`)).toMatchObject({ kind: 'file', mode: 0o444 });
  expect(text(`${GPU}/iommu_group`)).toBe('256\n');
  expect(text(`${NIC}/iommu_group`)).toBe('256\n');
  expect(text(`${PORT}/iommu_group`)).toBe('224\n');
});

test('since 3.6 iommu_group is a link', () => {
  expect(nodeAt(on('3.6').root, `${GPU}/iommu_group`)).toMatchObject({ kind: 'link' });
});

test('nothing that an older release shows is missing on the newest, but for that number', () => {
  const paths = (release: string) => new Set([...walk(on(release).root)].map(([path]) => path));
  const newest = paths('7.3');
  for (const release of ['3.1', '3.5', '3.6', '3.17', '4.11', '5.10', '6.1'])
    expect([...paths(release)].filter((path) => !newest.has(path))).toEqual([]);
});
