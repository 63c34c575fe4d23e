import { expect, test } from 'vitest';
import type { FileTree } from '../src/file-tree.js';
import { subtree } from '../src/file-tree.js';
import { readSysfsPci } from '../src/sysfs-pci.js';
import { configBytes } from './support/config-bytes.js';
import { SMALL, type SysfsFunctions, sysfs } from './support/sysfs.js';
import { memoryTree } from './support/trees.js';

const read = (functions: SysfsFunctions, options?: { bus?: boolean }) =>
  readSysfsPci(subtree(memoryTree(sysfs(functions, options)), 'sys'));

test('says where a root bus stands below another device', () => {
  const functions = {
    'platform/soc@0/4010000000.pcie/pci0000:00/0000:00:01.0': {},
    'platform/soc@0/4010000000.pcie/pci0000:00/0000:00:01.0/0000:01:00.0': {},
    'pci0001:00/0001:00:00.0': {},
  };
  expect(read(functions)?.rootParents).toEqual({ '0000:00': 'platform/soc@0/4010000000.pcie' });
});

const [PORT, CARD, CONVENTIONAL] = Object.values(SMALL);

test.each([true, false])('reads functions, their places and drivers (links of the bus: %s)', (bus) => {
  expect(read(SMALL, { bus })).toEqual({
    functions: [
      {
        address: '0000:00:01.0',
        parent: null,
        class: '060400',
        config: PORT?.config,
        configSize: 4096,
        driver: 'pcieport',
      },
      {
        address: '0000:00:02.0',
        parent: null,
        class: '020000',
        config: CONVENTIONAL?.config,
        configSize: 256,
        driver: null,
      },
      {
        address: '0000:01:00.0',
        parent: '0000:00:01.0',
        class: '020000',
        config: CARD?.config,
        configSize: 4096,
        driver: 'foonet',
      },
    ],
    acsRead: 'after-boot',
  });
});

test('finds nothing in a tree without PCI', () => {
  expect(readSysfsPci(memoryTree({ 'devices/virtual/iommu/dmar0/uevent': '' }))).toBeUndefined();
});

test('finds host bridges below platform devices', () => {
  const { functions } = read({ 'platform/4010000000.pcie/pci0000:00/0000:00:01.0': {} }, { bus: false }) ?? {};
  expect(functions?.map(({ address, parent }) => [address, parent])).toEqual([['0000:00:01.0', null]]);
});

test('leaves out names on the bus that are no addresses', () => {
  const tree = memoryTree({ 'bus/pci/devices/odd': { link: '../../../devices/odd' } });
  expect(readSysfsPci(tree)).toBeUndefined();
});

test('leaves out a link of the bus that leads out of the tree', () => {
  const tree = memoryTree({ 'bus/pci/devices/0000:00:01.0': { link: '../../../../../etc/0000:00:01.0' } });
  expect(readSysfsPci(tree)).toBeUndefined();
});

test('does not walk into a link that leads back', () => {
  const tree = memoryTree({
    'devices/pci0000:00/0000:00:01.0/class': '0x060400\n',
    'devices/pci0000:00/0000:00:01.0/0000:01:00.0': { link: '../../pci0000:00' },
  });
  expect(readSysfsPci(tree)?.functions).toHaveLength(1);
});

test('reads ids of attributes where the bytes hold none', () => {
  const files = {
    vendor: '0x0d0d\n',
    device: '0x1234\n',
    subsystem_vendor: '0xf00d\n',
    subsystem_device: '0x0001\n',
    revision: '0x7\n',
  };
  const [fn] = read({ 'pci0000:00/0000:00:01.0': { files } })?.functions ?? [];
  expect(fn).toMatchObject({ id: '0d0d:1234', subsystem: 'f00d:0001', revision: '7' });
});

test('reads ids of attributes of a virtual function, and whose it is', () => {
  const virtual = {
    config: configBytes({ vendor: 0xffff, device: 0xffff }),
    files: { vendor: '0xf00d\n', device: '0x0111\n', physfn: { link: '../0000:01:00.0' } },
  };
  const [fn] = read({ 'pci0000:00/0000:00:01.0/0000:01:10.0': virtual })?.functions ?? [];
  expect(fn).toMatchObject({ id: 'f00d:0111', physicalFunction: '0000:01:00.0', parent: '0000:00:01.0' });
});

test("takes the kernel's word on a class rather than the bytes'", () => {
  const [fn] = read({ 'pci0000:00/0000:00:01.0': { config: configBytes(), class: '0xc0330' } })?.functions ?? [];
  expect(fn?.class).toBe('0c0330');
});

test('finds the endpoint that hosts a segment', () => {
  const host = 'pci0000:00/0000:00:0e.0';
  const { functions } =
    read({
      [host]: {},
      [`${host}/pci10000:e0/10000:e0:06.0`]: {},
      [`${host}/pci10000:e0/10000:e0:06.0/10000:e1:00.0`]: {},
    }) ?? {};
  expect(functions?.map(({ address, parent, segmentHost }) => [address, parent, segmentHost])).toEqual([
    ['0000:00:0e.0', null, undefined],
    ['10000:e0:06.0', null, '0000:00:0e.0'],
    ['10000:e1:00.0', '10000:e0:06.0', undefined],
  ]);
});

test('knows no sizes where nobody could read more than 64 bytes of a recorded file', () => {
  const { functions } = read({ 'pci0000:00/0000:00:01.0': { config: configBytes({ size: 64 }) } }) ?? {};
  expect(functions?.[0]?.configSize).toBeUndefined();
});

test('knows no sizes where no recorded file is larger than 256 bytes', () => {
  const { functions } = read({ 'pci0000:00/0000:00:01.0': { config: configBytes({ size: 256 }) } }) ?? {};
  expect(functions?.[0]?.configSize).toBeUndefined();
});

/** A live tree as one who is not root sees it: files claim their size, and 64 bytes of it can be read. */
const unprivileged = (tree: FileTree): FileTree => {
  const read = (path: string) => tree.read(path)?.subarray(0, 64);
  return {
    read,
    readSized: (path) => {
      const whole = tree.read(path);
      return whole && { bytes: whole.subarray(0, 64), size: whole.length };
    },
    link: (path) => tree.link(path),
    list: (path) => tree.list(path),
  };
};

test('knows sizes of a live tree though only 64 bytes could be read', () => {
  const tree = unprivileged(subtree(memoryTree(sysfs(SMALL)), 'sys'));
  const { functions } = readSysfsPci(tree) ?? {};
  expect(functions?.map(({ config, configSize }) => [config?.length, configSize])).toEqual([
    [64, 4096],
    [64, 256],
    [64, 4096],
  ]);
});

test('knows that there are no drivers where links were recorded and none is to one', () => {
  const files = { subsystem: { link: '../../../bus/pci' } };
  expect(read({ 'pci0000:00/0000:00:01.0': { files } })?.functions[0]?.driver).toBeNull();
});

test('knows nothing of drivers where no link of one was recorded', () => {
  expect(read({ 'pci0000:00/0000:00:01.0': {} })?.functions[0]?.driver).toBeUndefined();
});
