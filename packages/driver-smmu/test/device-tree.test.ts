import type { NodeSketch } from '@iommu/firmware';
import { describe, expect, test } from 'vitest';
import {
  bind,
  bindTo,
  boot,
  bridge,
  fn,
  functionAt,
  groupLines,
  machine,
  node,
  ruleOf,
  streamsOf,
} from './support/platform.js';
import { CELLS, host, type Properties, treeOf, V2, V3 } from './support/tree.js';

const PLAIN = treeOf({ 'smmuv3@9050000': V3, 'pcie@10000000': host() });

const NIC = fn('00:03.0');
const NAME = 'smmu3.0x0000000009050000';

const units = (nodes: NonNullable<NodeSketch['nodes']>) =>
  bind({ tree: treeOf(nodes) }).units.map(({ name, parent }) => `${name} ${parent}`);

describe('units', () => {
  test('are named by their registers, their platform devices by address and node', () => {
    expect(units({ 'smmuv3@9050000': V3 })).toEqual([`${NAME} platform/9050000.smmuv3`]);
  });

  test('register version 2 first, each kind in the tree’s order', () => {
    expect(units({ 'a@9050000': V3, 'b@5000000': V2 })).toEqual([
      'smmu.0x0000000005000000 platform/5000000.b',
      `${NAME} platform/9050000.a`,
    ]);
  });

  test('stand below the devices of their buses, at the address that the processor sees', () => {
    const soc = {
      properties: { ...CELLS, compatible: 'simple-bus', ranges: [0, 0x80000000, 0x10000000] },
      nodes: { 'iommu@9050000': V3 },
    };
    expect(units({ 'soc@0': soc })).toEqual(['smmu3.0x0000000089050000 platform/soc@0/89050000.iommu']);
  });

  test('use addresses of two cells', () => {
    const wide = {
      properties: { '#address-cells': [2], '#size-cells': [2] },
      nodes: { 'iommu@1': { properties: { compatible: 'arm,smmu-v3', reg: [1, 0x50000, 0, 0x20000] } } },
    };
    expect(bind({ tree: wide }).units[0]?.name).toBe('smmu3.0x0000000100050000');
  });

  test('that are switched off are none', () => {
    const off = { properties: { ...V3.properties, status: 'disabled' } };
    expect(units({ 'a@9050000': off, 'b@5000000': V2 })).toHaveLength(1);
  });

  test('without an address are left out, which is reported', () => {
    const { reg: _, ...rest } = V3.properties ?? {};
    const built = machine({ tree: treeOf({ a: { properties: rest }, 'b@5000000': V2 }) });
    expect(bindTo(built).units).toHaveLength(1);
    expect(built.diagnostics[0]).toEqual({
      severity: 'firmware-bug',
      code: 'smmu-without-registers',
      message: '/a has no register address',
    });
  });

  test('have the registers that were read at their address', () => {
    const none = { idr0: 0x0800_1e00n };
    const some = { idr0: 0x0800_1e02n };
    const unitsWith = (...registers: (readonly [bigint, Readonly<Record<string, bigint>>])[]) =>
      bind({
        tree: treeOf({ 'b@5000000': V2 }),
        units: registers.map(([address, values]) => ({ address, registers: values })),
      }).units;
    expect(unitsWith([0x6000000n, some], [0x5000000n, none])).toHaveLength(0);
    expect(unitsWith([0x6000000n, none], [0x5000000n, some])).toHaveLength(1);
  });

  test('behind a bus that leads nowhere are left out', () => {
    const soc = { properties: CELLS, nodes: { 'iommu@9050000': V3 } };
    expect(units({ soc, 'b@5000000': V2 })).toHaveLength(1);
    const elsewhere = { properties: { ...CELLS, ranges: [0, 0x80000000, 0x1000] }, nodes: { 'iommu@9050000': V3 } };
    expect(units({ soc: elsewhere, 'b@5000000': V2 })).toHaveLength(1);
  });
});

describe('a PCI function', () => {
  const stream = (properties: Properties, functions = [NIC], more = {}) =>
    streamsOf(functions.at(-1)?.address ?? '', {
      tree: treeOf({ 'smmuv3@9050000': V3, 'pcie@10000000': host(properties) }),
      functions,
      ...more,
    });

  test('has the id that iommu-map makes of its requester id', () => {
    expect(stream({ 'iommu-map': [0, 1, 0x100, 0x10000] })).toBe(`${NAME}: 0x118`);
  });

  test('is mapped by the first entry that has its id', () => {
    const entries = [0x20, 1, 0x1000, 0x10, 0, 1, 0x2000, 0x20, 0, 1, 0x3000, 0x100];
    expect(stream({ 'iommu-map': entries })).toBe(`${NAME}: 0x2018`);
  });

  test('is mapped by the bits that the mask leaves', () => {
    const map = { 'iommu-map': [0x100, 1, 0, 0x100], 'iommu-map-mask': [0xff00] };
    expect(stream(map, [bridge('00:01.0', 1), fn('01:02.0')])).toBe(`${NAME}: 0x0`);
  });

  test('has an id of 32 bits', () => {
    expect(stream({ 'iommu-map': [0, 1, 0xabc0000, 0x10000] })).toBe(`${NAME}: 0xabc0018`);
  });

  test('has the ids of all its aliases', () => {
    const functions = [bridge('00:01.0', 1, { express: 'pcie-to-pci-bridge' }), fn('01:02.0', { express: null })];
    expect(stream({ 'iommu-map': [0, 1, 0, 0x10000] }, functions)).toBe(`${NAME}: 0x110 0x100`);
  });

  test.each([
    ['no entry has its id', { 'iommu-map': [0x100, 1, 0, 0x100] }, 'id-not-mapped'],
    [
      'an entry starts outside of the mask',
      { 'iommu-map': [0x18, 1, 0, 1], 'iommu-map-mask': [0xff00] },
      'iommu-map-invalid',
    ],
    ['an entry is cut', { 'iommu-map': [0, 1, 0] }, 'iommu-map-invalid'],
    ['the map is empty', { 'iommu-map': true }, 'iommu-map-invalid'],
    ['an entry names no node', { 'iommu-map': [0, 9, 0, 0x10000] }, 'iommu-map-invalid'],
    ['an entry names what is no SMMU', { phandle: [3], 'iommu-map': [0, 3, 0, 0x10000] }, 'id-not-mapped'],
    ['there is no map', {}, 'no-iommu-map'],
  ] as const)('has no unit when %s', (_, properties, rule) => {
    expect(stream(properties as Properties)).toBe(rule);
  });

  test('belongs to the host bridge of its segment', () => {
    const tree = treeOf({
      'smmuv3@9050000': V3,
      'pcie@10000000': host({ 'linux,pci-domain': [1], 'iommu-map': [0, 1, 0x1000, 0x10000] }),
      'pcie@20000000': host({ reg: [0x20000000, 1], 'linux,pci-domain': [0], 'iommu-map': [0, 1, 0x2000, 0x10000] }),
    });
    expect(streamsOf('00:03.0', { tree, functions: [NIC] })).toBe(`${NAME}: 0x2018`);
  });

  test('belongs to the host bridge that its path goes through', () => {
    const tree = treeOf({
      'smmuv3@9050000': V3,
      'pcie@10000000': host(),
      'pcie@20000000': host({ reg: [0x20000000, 1], 'iommu-map': [0, 1, 0x2000, 0x10000] }),
    });
    const rootParents = { '0000:00': 'platform/20000000.pcie' };
    const functions = [NIC, bridge('00:01.0', 1), fn('01:00.0')];
    expect(streamsOf('00:03.0', { tree, functions, rootParents })).toBe(`${NAME}: 0x2018`);
    expect(streamsOf('01:00.0', { tree, functions, rootParents })).toBe(`${NAME}: 0x2100`);
  });

  test('is not taken for a function of a bridge’s node', () => {
    const inner = { properties: { device_type: 'pci', reg: [0x800, 0] } };
    const tree = treeOf({ 'smmuv3@9050000': V3, 'pcie@10000000': { ...host(), nodes: { 'pci@1,0': inner } } });
    expect(streamsOf('00:03.0', { tree, functions: [NIC] })).toBe(`${NAME}: 0x18`);
    expect(streamsOf('0001:00:03.0', { tree, functions: [fn('0001:00:03.0')] })).toBe('no-iommu-map');
  });
});

test('asks for ACS when the first function is configured, not before', () => {
  expect(bind({ tree: PLAIN }).busFeatures).toEqual(['pci-acs-late']);
  expect(bind({ tree: treeOf({ 'smmuv3@9050000': V3, 'pcie@10000000': host({}) }) }).busFeatures).toEqual([]);
  const two = { 'smmuv3@9050000': V3, 'pcie@10000000': host({}), 'pcie@20000000': host() };
  expect(bind({ tree: treeOf(two) }).busFeatures).toEqual(['pci-acs-late']);
});

describe('a platform device', () => {
  const stream = (
    properties: Properties,
    smmus: NonNullable<NodeSketch['nodes']> = { 'a@9050000': V3, 'b@5000000': V2 },
  ) => {
    const tree = treeOf({ ...smmus, 'ethernet@9040000': { properties: { reg: [0x9040000, 0x1000], ...properties } } });
    return streamsOf('9040000.ethernet', { tree, nodes: [node('9040000.ethernet')] });
  };
  const V2_NAME = 'smmu.0x0000000005000000';

  test('has one id for each entry of iommus', () => {
    expect(stream({ iommus: [1, 0x10, 1, 0x11] })).toBe(`${NAME}: 0x10 0x11`);
  });

  test('is found by its node’s path', () => {
    const tree = treeOf({ 'a@9050000': V3, eth: { properties: { iommus: [1, 5] } } });
    expect(streamsOf('odd', { tree, nodes: [node('odd', '/eth')] })).toBe(`${NAME}: 0x5`);
    expect(streamsOf('odd', { tree, nodes: [node('odd', '/a@9050000')] })).toBe('not known');
  });

  test('is found by its name where it has a path that is none of the tree', () => {
    const tree = treeOf({ 'a@9050000': V3, eth: { properties: { iommus: [1, 5] } } });
    expect(streamsOf('eth', { tree, nodes: [node('eth', '\\_SB_.ETH0')] })).toBe(`${NAME}: 0x5`);
  });

  test('has the mask of the specifier’s second cell', () => {
    const two = { properties: { ...V2.properties, '#iommu-cells': [2] } };
    expect(stream({ iommus: [2, 0x400, 0x3f] }, { 'b@5000000': two })).toBe(`${V2_NAME}: 0x3f0400`);
  });

  test('has the mask of the SMMU where a specifier has one cell', () => {
    const masked = { properties: { ...V2.properties, 'stream-match-mask': [0x7f80] } };
    expect(stream({ iommus: [2, 0x400] }, { 'b@5000000': masked })).toBe(`${V2_NAME}: 0x7f800400`);
  });

  test.each([
    ['names several SMMUs', { iommus: [1, 1, 2, 2] }, 'several-smmus'],
    ['names no node', { iommus: [9, 1] }, 'iommus-invalid'],
    ['names a node that is no SMMU', { phandle: [3], '#iommu-cells': [0], iommus: [3] }, 'iommus-invalid'],
    ['is cut', { iommus: [1] }, 'iommus-invalid'],
    ['is empty', { iommus: true }, 'no-stream-id'],
  ] as const)('has no unit when iommus %s', (_, properties, rule) => {
    expect(stream(properties as Properties)).toBe(rule);
  });

  test('without iommus is not known', () => {
    expect(stream({})).toBe('not known');
  });

  test('shares a group at an SMMUv2 with one of the same stream', () => {
    const tree = treeOf({
      'b@5000000': V2,
      x: { properties: { iommus: [2, 7] } },
      y: { properties: { iommus: [2, 7] } },
    });
    expect(groupLines(boot({ tree, nodes: [node('x'), node('y')] }))).toEqual(['x y']);
  });

  test.each([
    ['qcom,sc7180-smmu-500', 'qcom,mdss', 'identity'],
    ['qcom,sc7180-smmu-500', 'vendor,other', 'DMA'],
    ['vendor,smmu', 'qcom,mdss', 'DMA'],
    ['not-qcom,smmu', 'qcom,mdss', 'DMA'],
  ])('at %s that is %s has a domain of %s', (unit, client, type) => {
    const tree = treeOf({
      'b@5000000': { properties: { ...V2.properties, compatible: [unit, 'arm,mmu-500'] } },
      x: { properties: { iommus: [2, 7], compatible: client } },
    });
    expect([...boot({ tree, nodes: [node('x')] }).groups].map((group) => group.type)).toEqual([type]);
  });
});

test('only what is behind a Qualcomm SMMU is left untranslated there, and no PCI function', () => {
  const qualcomm = {
    properties: {
      ...V2.properties,
      reg: [0x6000000, 0x10000],
      phandle: [5],
      compatible: ['qcom,x-smmu-500', 'arm,mmu-500'],
    },
  };
  const client = (phandle: number) => ({ properties: { iommus: [phandle, 7], compatible: 'qcom,mdss' } });
  const tree = treeOf({
    'b@5000000': V2,
    'q@6000000': qualcomm,
    x: client(2),
    y: client(5),
    'pcie@10000000': host({ 'iommu-map': [0, 5, 0, 0x7000] }),
  });
  const { groups } = boot({ tree, nodes: [node('x'), node('y')], functions: [NIC] });
  expect([...groups].map(({ devices, type }) => `${devices[0]?.name} ${type}`)).toEqual([
    'x DMA',
    'y identity',
    '0000:00:03.0 DMA',
  ]);
});

test('groups a whole machine', () => {
  const functions = [bridge('00:01.0', 1, { acs: null }), fn('01:00.0'), NIC];
  const iommu = boot({ tree: PLAIN, functions });
  expect([groupLines(iommu), ruleOf(iommu, '01:00.0')]).toEqual([
    ['00:01.0 01:00.0', '00:03.0'],
    'acs-missing-upstream',
  ]);
});

test('knows a function’s host bridge whatever the name of the node', () => {
  const built = machine({ tree: treeOf({ 'smmuv3@9050000': V3, pcie: host() }), functions: [NIC] });
  expect(bindTo(built).unitOf(functionAt(built, '00:03.0'))).toMatchObject({ ids: [0x18] });
});
