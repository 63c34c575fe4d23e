import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { type Caller, nodeAt, ROOT } from '../../src/index.js';
import { type Started, start } from '../support/machines.js';

const encoder = new TextEncoder();
const PORT = 'devices/pci0000:00/0000:00:1c.0';
const GPU = `${PORT}/0000:01:00.0`;
const NIC = `${PORT}/0000:01:00.1`;
const VF = `${PORT}/0000:01:10.1`;
const USER: Caller = { uid: 1000, sysAdmin: false, sysRawio: false };

/** What a write answers: how many bytes were taken, or the errno. */
const write = ({ file }: Started, path: string, text: string, caller: Caller = ROOT): number | string => {
  const bytes = encoder.encode(text);
  try {
    return file(path).write?.(bytes, caller) ?? 'cannot be written';
  } catch (error) {
    if (isIommuError(error, 'ERR_REFUSED')) return error.errno ?? 'no errno';
    throw error;
  }
};

/** Writes before, the path, the text, the answer. */
const WRITES: readonly (readonly [
  before: readonly (readonly [string, string])[],
  path: string,
  text: string,
  answer: number | string,
])[] = [
  // A group that a driver uses.
  [[], 'kernel/iommu_groups/1/type', 'DMA', 'EPERM'],
  [[], 'kernel/iommu_groups/1/type', 'nonsense', 'EINVAL'],
  [[['bus/pci/drivers/nouveau/unbind', '0000:01:00.0']], 'kernel/iommu_groups/1/type', 'identity\n', 9],
  [[], 'kernel/iommu_groups/1/reserved_regions', 'x', 'cannot be written'],
  // Functions that go and come back.
  [[], `${GPU}/remove`, '1\n', 2],
  [[], `${GPU}/remove`, '0', 1],
  [[], `${GPU}/remove`, 'x', 'EINVAL'],
  [[], `${GPU}/remove`, '', 'EINVAL'],
  [[], `${GPU}/rescan`, '1', 1],
  [[], `${GPU}/rescan`, 'yes', 'EINVAL'],
  [[], 'bus/pci/rescan', '1', 1],
  [[], 'bus/pci/rescan', '-1', 'EINVAL'],
  [[], `${PORT}/pci_bus/0000:01/rescan`, '1', 1],
  // Drivers.
  [[], 'bus/pci/drivers/nouveau/unbind', '0000:01:00.0', 12],
  [[], 'bus/pci/drivers/nouveau/unbind', '0000:01:00.1', 'ENODEV'],
  [[], 'bus/pci/drivers/nouveau/unbind', '0000:09:00.0', 'ENODEV'],
  [[], 'bus/pci/drivers/nouveau/bind', '0000:01:00.0', 'EBUSY'],
  [[], 'bus/pci/drivers/nouveau/bind', '0000:01:00.1', 'ENODEV'],
  [[['bus/pci/drivers/nouveau/unbind', '0000:01:00.0']], 'bus/pci/drivers/nouveau/bind', '0000:01:00.0\n', 13],
  [[], 'bus/pci/drivers/nouveau/new_id', '1234 5678', 9],
  [[], 'bus/pci/drivers/nouveau/new_id', '1234', 'EINVAL'],
  [[], 'bus/pci/drivers/nouveau/new_id', '10de 2684', 'EEXIST'],
  [[], 'bus/pci/drivers/nouveau/remove_id', '1234 5678', 'ENODEV'],
  [[['bus/pci/drivers/nouveau/new_id', '1234 5678']], 'bus/pci/drivers/nouveau/remove_id', '1234 5678', 9],
  [[], 'bus/pci/drivers_probe', '0000:01:00.0', 12],
  [[], 'bus/pci/drivers_autoprobe', '0', 1],
  [[], 'bus/pci/drivers_autoprobe', 'anything', 8],
  [[], `${GPU}/driver_override`, 'vfio-pci\n', 9],
  [[], `${GPU}/driver_override`, 'x'.repeat(4096), 'EINVAL'],
  // Virtual functions.
  [[], `${NIC}/sriov_numvfs`, '2', 1],
  [[], `${NIC}/sriov_numvfs`, '3', 'EBUSY'],
  [[], `${NIC}/sriov_numvfs`, '8', 'ERANGE'],
  [[], `${NIC}/sriov_numvfs`, '65536', 'EINVAL'],
  [[], `${NIC}/sriov_numvfs`, 'two', 'EINVAL'],
  [[], `${NIC}/sriov_numvfs`, '0\n', 2],
  [[], `${NIC}/sriov_drivers_autoprobe`, 'n', 1],
  [[], `${NIC}/sriov_drivers_autoprobe`, '5', 'EINVAL'],
  // What the model does not follow.
  [[], `${GPU}/config`, '\0', 'EPERM'],
  [[], `${GPU}/uevent`, 'add', 'EPERM'],
  [[], `${GPU}/enable`, '1', 'EPERM'],
  [[], `${GPU}/numa_node`, '0', 'EPERM'],
  [[], `${GPU}/msi_bus`, '0', 'EPERM'],
  [[], `${GPU}/d3cold_allowed`, '0', 'EPERM'],
  [[], `${GPU}/broken_parity_status`, '0', 'EPERM'],
  [[], `${GPU}/reset`, '1', 'EPERM'],
  [[], `${GPU}/reset_method`, 'flr', 'EPERM'],
  [[], `${GPU}/resource0`, 'x', 'EPERM'],
  [[], `${GPU}/rom`, '1', 'EPERM'],
  [[], `${VF}/sriov_vf_msix_count`, '1', 'EPERM'],
  [[], `${PORT}/reset_subordinate`, '1', 'EPERM'],
  [[], 'bus/pci/uevent', 'add', 'EPERM'],
  [[], 'bus/platform/drivers_probe', 'x', 'EPERM'],
  [[], 'bus/pci/drivers/nouveau/uevent', 'add', 'EPERM'],
  // What is only read.
  [[], `${GPU}/vendor`, '0x1234', 'cannot be written'],
];

test.each(WRITES)('after %j a write to %s of %j is answered as the kernel does', (before, path, text, answer) => {
  const started = start();
  for (const [first, content] of before) expect(write(started, first, content)).toBe(content.length);
  expect(write(started, path, text)).toBe(answer);
});

test('covers every file of its machine that can be written', () => {
  const started = start();
  const named = new Set(WRITES.map(([, path]) => path.split('/').at(-1)));
  const missing: string[] = [];
  const look = (path: string): void => {
    const node = path === '' ? started.tree.root : nodeAt(started.tree.root, path);
    if (node?.kind === 'file' && node.write && !named.has(path.split('/').at(-1))) missing.push(path);
    if (node?.kind === 'directory') for (const name of node.names()) look(path === '' ? name : `${path}/${name}`);
  };
  look('');
  expect(missing.filter((path) => !/\/resource\d(?:_wc)?$/.test(path))).toEqual([]);
});

test('type needs capabilities, whoever may open it', () => {
  expect(write(start(), 'kernel/iommu_groups/1/type', 'DMA', USER)).toBe('EACCES');
});

test('what was written is done', () => {
  const started = start();
  const { running, tree, text } = started;
  write(started, 'bus/pci/drivers/nouveau/unbind', '0000:01:00.0');
  expect(nodeAt(tree.root, `${GPU}/driver`)).toBeUndefined();
  expect(text(`${GPU}/uevent`)).not.toMatch(/DRIVER/);
  write(started, `${GPU}/driver_override`, 'vfio-pci\n');
  expect(text(`${GPU}/driver_override`)).toBe('vfio-pci\n');
  running.kernelDrivers.register('vfio-pci');
  expect(nodeAt(tree.root, `${GPU}/driver`)).toMatchObject({ target: '../../../../bus/pci/drivers/vfio-pci' });
  write(started, 'kernel/iommu_groups/0/type', 'identity');
  expect(text('kernel/iommu_groups/0/type')).toBe('identity\n');
  write(started, `${NIC}/sriov_numvfs`, '0');
  expect(nodeAt(tree.root, VF)).toBeUndefined();
  expect(nodeAt(tree.root, `${NIC}/virtfn0`)).toBeUndefined();
  expect(text(`${NIC}/sriov_numvfs`)).toBe('0\n');
  write(started, 'bus/pci/drivers_autoprobe', '0');
  expect(text('bus/pci/drivers_autoprobe')).toBe('0\n');
  write(started, `${NIC}/sriov_drivers_autoprobe`, '0');
  expect(text(`${NIC}/sriov_drivers_autoprobe`)).toBe('0\n');
});

test('a function that was removed comes back by rescan as another', () => {
  const started = start();
  const before = nodeAt(started.tree.root, GPU);
  const kept = started.file(`${GPU}/vendor`);
  write(started, `${GPU}/remove`, '1');
  expect(nodeAt(started.tree.root, GPU)).toBeUndefined();
  expect(nodeAt(started.tree.root, 'bus/pci/devices/0000:01:00.0')).toBeUndefined();
  expect(() => kept.read(ROOT)).toThrow(expect.objectContaining({ errno: 'ENODEV' }));
  write(started, 'bus/pci/rescan', '1');
  expect(nodeAt(started.tree.root, GPU)).toBeDefined();
  expect(nodeAt(started.tree.root, GPU)).not.toBe(before);
  expect(() => kept.read(ROOT)).toThrow(expect.objectContaining({ errno: 'ENODEV' }));
});

test('a bus and a bridge find again only what is on them', () => {
  const started = start();
  const remove = () => {
    write(started, `${GPU}/remove`, '1');
    expect(nodeAt(started.tree.root, GPU)).toBeUndefined();
  };
  remove();
  write(started, 'devices/pci0000:00/pci_bus/0000:00/rescan', '0');
  expect(nodeAt(started.tree.root, GPU)).toBeUndefined();
  write(started, `${PORT}/pci_bus/0000:01/rescan`, '1');
  expect(nodeAt(started.tree.root, GPU)).toBeDefined();
  remove();
  write(started, `${NIC}/rescan`, '1');
  expect(nodeAt(started.tree.root, GPU)).toBeDefined();
});

test('text ends at a zero byte, and a page is the most that is taken', () => {
  const started = start();
  const { file, text } = started;
  expect(file(`${GPU}/driver_override`).write?.(encoder.encode('vfio-pci\0rest'), ROOT)).toBe(13);
  expect(text(`${GPU}/driver_override`)).toBe('vfio-pci\n');
  expect(file('bus/pci/drivers_autoprobe').write?.(new Uint8Array(10_000).fill(0x31), ROOT)).toBe(4096);
});

test('what the kernel refuses changes nothing', () => {
  const started = start();
  expect(write(started, `${NIC}/sriov_numvfs`, '3')).toBe('EBUSY');
  expect(started.text(`${NIC}/sriov_numvfs`)).toBe('2\n');
});
