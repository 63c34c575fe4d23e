import type { NodeSketch } from '@iommu/firmware';
import { platformDevice, rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import {
  ALL,
  card,
  codesOf,
  endpointOf,
  type GuestSketch,
  groupLines,
  guest,
  IOMMU,
  iommu,
  textOf,
  unitLines,
} from './support/guest.js';
import { hostTree, place, UNIT, unitNode } from './support/tree.js';

const arm = (tree: NodeSketch, more: GuestSketch = {}) => guest({ arch: 'aarch64', viot: null, tree, ...more });

test('groups what a host bridge sends to a virtio-iommu, and not the IOMMU itself', () => {
  const running = arm(hostTree(), { devices: [iommu(), card(2), rootPort({ slot: 3, acs: true }, [card(0)])] });
  expect(groupLines(running)).toEqual(['0: 00:02.0', '1: 00:03.0', '2: 01:00.0']);
  expect(unitLines(running)).toEqual([`${IOMMU} at pci0000:00/0000:00:01.0/virtio0`]);
  expect(endpointOf(running, '01:00.0')).toBe(`${IOMMU} 0x100`);
  expect(textOf(running, IOMMU)).toBe(
    'The iommu-map of /pcie@10000000 takes requester id 0x8 of 0000:00:01.0 to no IOMMU.',
  );
});

test('looks an id up with what the mask of the map leaves of it', () => {
  const running = arm(hostTree({ 'iommu-map': [0x10, UNIT, 0x500, 1], 'iommu-map-mask': [0xff] }), {
    devices: [iommu(), rootPort({ slot: 3 }, [card(2)])],
  });
  expect(endpointOf(running, '01:02.0')).toBe(`${IOMMU} 0x500`);
  expect(endpointOf(running, '00:03.0')).toBe('id-not-mapped');
});

test('has no IOMMU for any function where the map contradicts itself', () => {
  const running = arm(hostTree({ 'iommu-map': [0, UNIT, 0] }));
  expect(groupLines(running)).toEqual([]);
  expect(textOf(running, '00:02.0')).toBe(
    'The iommu-map of /pcie@10000000 contradicts itself, so 0000:00:02.0 has no IOMMU.',
  );
});

test.each([
  ['there is no map', hostTree({ 'iommu-map': true })],
  [
    'another kind of IOMMU is meant',
    hostTree(
      { 'iommu-map': [0, 9, 0, 0x10000] },
      { smmu: { properties: { phandle: [9], compatible: 'arm,smmu-v3', '#iommu-cells': [1] } } },
    ),
  ],
])('leaves functions to other drivers where %s', (_, tree) => {
  const { 'iommu-map': map, ...rest } = tree.nodes?.['pcie@10000000']?.properties ?? {};
  const host: NodeSketch = {
    ...tree.nodes?.['pcie@10000000'],
    properties: map === true ? rest : { ...rest, ...(map && { 'iommu-map': map }) },
  };
  const running = arm({ ...tree, nodes: { ...tree.nodes, 'pcie@10000000': host } });
  expect(running.iommu.drivers[0]?.bound.unitOf(running.device('00:02.0'))).toBeUndefined();
});

describe('the function of an IOMMU is found', () => {
  test('by its place below the host bridge', () => {
    const tree = hostTree({ 'iommu-map': [0, UNIT, 0, 0x20] }, {}, { 'virtio_iommu@28': unitNode(5) });
    const running = arm(tree, { devices: [card(2), iommu(5)] });
    expect(unitLines(running)).toEqual(['0000:00:05.0 at pci0000:00/0000:00:05.0/virtio0']);
    expect(groupLines(running)).toEqual(['0: 00:02.0']);
  });

  test('behind a bridge, by the place of each', () => {
    const port: NodeSketch = { properties: { device_type: 'pci', reg: place(3) }, nodes: { iommu: unitNode(0) } };
    const tree = hostTree({ 'iommu-map': [0, UNIT, 0, 0x18] }, {}, { 'pci@3,0': port });
    const running = arm(tree, { devices: [card(2), rootPort({ slot: 3, acs: true }, [iommu(0)])] });
    expect(unitLines(running)).toEqual(['0000:01:00.0 at pci0000:00/0000:00:03.0/0000:01:00.0/virtio0']);
    expect(endpointOf(running, '00:02.0')).toBe('0000:01:00.0 0x10');
  });

  test('by the older name for its kind', () => {
    const tree = hostTree({}, {}, { iommu: { properties: { ...unitNode().properties, compatible: 'pci1af4,1057' } } });
    expect(groupLines(arm(tree))).toEqual(['0: 00:02.0']);
  });

  test.each([
    ['a place where nothing is', unitNode(9)],
    ['a place where another device is', unitNode(2)],
    ['no place', { properties: { compatible: 'virtio,pci-iommu', '#iommu-cells': [1], phandle: [UNIT] } }],
  ])('not at %s, which is reported', (_, node: NodeSketch) => {
    const other: NodeSketch = { properties: { ...unitNode(1).properties, phandle: [7] } };
    const running = arm(hostTree({}, {}, { 'iommu@1': node, 'iommu@2': other }));
    expect([groupLines(running), codesOf(running).filter((code) => code !== 'virtio-iommu-regions')]).toEqual([
      [],
      ['virtio-iommu-missing'],
    ]);
  });
});

test('an IOMMU that is switched off is none', () => {
  const off: NodeSketch = { properties: { ...unitNode().properties, status: 'disabled' } };
  expect(groupLines(arm(hostTree({}, {}, { iommu: off })))).toEqual([]);
});

describe('devices with registers in memory', () => {
  const mmioUnit: NodeSketch = {
    properties: { compatible: 'virtio,mmio', reg: [0xa000000, 0x200], '#iommu-cells': [1], phandle: [2] },
  };
  const nodes = (iommus: readonly number[]): NonNullable<NodeSketch['nodes']> => ({
    'iommu@a000000': mmioUnit,
    'net@a003e00': { properties: { compatible: 'virtio,mmio', reg: [0xa003e00, 0x200], iommus } },
    'smmu@5': { properties: { phandle: [9], '#iommu-cells': [1], compatible: 'arm,smmu-v3' } },
  });
  const NET = 'a003e00.net';
  const run = (iommus: readonly number[]) => arm(hostTree({}, nodes(iommus)), { platform: [platformDevice(NET)] });

  test('may be IOMMUs, which register before those on PCI', () => {
    const running = run([2, 7]);
    expect(unitLines(running)).toEqual([
      'a000000.iommu at platform/a000000.iommu/virtio0',
      `${IOMMU} at pci0000:00/0000:00:01.0/virtio1`,
    ]);
    expect(groupLines(running)).toEqual([`0: ${NET}`, '1: 00:02.0']);
  });

  test('name their IOMMU and their ids', () => {
    expect(endpointOf(run([2, 7, 2, 8]), NET)).toBe('a000000.iommu 0x7 0x8');
    expect(endpointOf(run([UNIT, 0x99]), NET)).toBe(`${IOMMU} 0x99`);
  });

  test('are found by their path too', () => {
    const running = arm(hostTree({}, nodes([2, 7])), {
      platform: [platformDevice('any', { firmwareNode: '/net@a003e00' })],
    });
    expect(endpointOf(running, 'any')).toBe('a000000.iommu 0x7');
  });

  test('have none where an entry leads nowhere', () => {
    expect(endpointOf(run([2, 7, 44]), NET)).toBe('iommus-invalid');
  });

  test('are left to other drivers where another IOMMU comes first', () => {
    const running = run([9, 1]);
    expect(running.iommu.drivers[0]?.bound.unitOf(running.device(NET))).toBeUndefined();
  });
});

test('a device tree counts before a VIOT, unless it is a boot loader’s stub', () => {
  const ids = (tree: NodeSketch) =>
    endpointOf(
      arm(tree, { viot: { ...ALL, ranges: [{ first: '00:00.0', last: 'ff:1f.7', firstEndpoint: 0x100 }] } }),
      '00:02.0',
    );
  expect(ids(hostTree())).toBe(`${IOMMU} 0x10`);
  expect(ids({ nodes: { chosen: {} } })).toBe(`${IOMMU} 0x110`);
});

test('a device tree that does not speak of a virtio-iommu leaves its functions alone', () => {
  const running = arm(hostTree({}, {}, {}));
  expect([groupLines(running), unitLines(running).length]).toEqual([[], 1]);
});
