import type { NodeSketch } from '@iommu/firmware';
import { describe, expect, test } from 'vitest';
import { bindTo, boot, bridge, fn, machine, node, streamsOf } from './support/platform.js';
import { host, treeOf, V2, V3 } from './support/tree.js';

describe('the binding of 2013', () => {
  const legacy = (masters: number[]): NodeSketch => ({
    properties: { compatible: 'arm,mmu-400', reg: [0x5000000, 0x10000], 'mmu-masters': masters },
  });
  const tree = treeOf({
    'smmu@5000000': legacy([3, 0x20, 0x21, 4]),
    eth: { properties: { phandle: [3], '#stream-id-cells': [2] } },
    'pcie@10000000': host({ phandle: [4], '#stream-id-cells': [0] }),
  });
  const sketch = {
    tree,
    nodes: [node('eth')],
    functions: [bridge('00:01.0', 1, { express: 'pcie-to-pci-bridge' }), fn('01:02.0', { express: null })],
  };

  test('names the masters and their ids at the SMMU', () => {
    expect(streamsOf('eth', sketch)).toBe('smmu.0x0000000005000000: 0x20 0x21');
  });

  test('takes the last alias of a function for its one id', () => {
    expect(streamsOf('00:01.0', sketch)).toBe('smmu.0x0000000005000000: 0x8');
    expect(streamsOf('01:02.0', sketch)).toBe('smmu.0x0000000005000000: 0x100');
  });

  test('passes everything through', () => {
    expect([...boot(sketch).groups].map(({ type }) => type)).toEqual(['identity', 'identity']);
  });

  test('excludes the other: the first SMMU decides', () => {
    const mixed = treeOf({
      'a@5000000': V2,
      'c@6000000': { properties: { ...legacy([]).properties, reg: [0x6000000, 1] } },
    });
    const built = machine({ tree: mixed });
    expect(bindTo(built).units.map(({ name }) => name)).toEqual(['smmu.0x0000000005000000']);
    expect(built.diagnostics).toContainEqual({
      severity: 'firmware-bug',
      code: 'smmu-mixed-bindings',
      message: '/c@6000000 follows another binding than the SMMU before it, and is left alone',
    });
  });

  test('gives a master that two SMMUs name to the first', () => {
    const two = treeOf({
      'smmu@5000000': legacy([3, 0x20, 0x21]),
      'smmu@6000000': { properties: { ...legacy([3, 0x30, 0x31]).properties, reg: [0x6000000, 0x10000] } },
      eth: { properties: { phandle: [3], '#stream-id-cells': [2] } },
    });
    expect(streamsOf('eth', { tree: two, nodes: [node('eth')] })).toBe('smmu.0x0000000005000000: 0x20 0x21');
  });

  test('is not that of an SMMUv3', () => {
    const v3 = { properties: { ...V3.properties, 'mmu-masters': [3, 0x20] } };
    const eth = { properties: { phandle: [3], '#stream-id-cells': [1] } };
    expect(streamsOf('eth', { tree: treeOf({ 'a@9050000': v3, eth }), nodes: [node('eth')] })).toBe('not known');
  });
});
