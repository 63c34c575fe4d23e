import { describe, expect, test } from 'vitest';
import { mapRequesterId, type NodeSketch, parseDeviceTree, writeDeviceTree } from '../src/index.js';

const UNIT = { phandle: [7] };

/** What a host bridge with these properties makes of a requester id. */
const mapped = (properties: NonNullable<NodeSketch['properties']>, rid: number) => {
  const tree = parseDeviceTree(
    writeDeviceTree({
      nodes: { unit: { properties: UNIT }, pcie: { properties: { device_type: 'pci', ...properties } } },
    }),
  );
  const host = tree.find('/pcie');
  if (!host) throw new Error('no host bridge');
  const result = mapRequesterId(tree, host, rid);
  return 'failure' in result ? result.failure : `${result.target.name} 0x${result.id.toString(16)}`;
};

describe('an iommu-map', () => {
  const map = [0, 7, 0x1000, 0x10, 0x20, 7, 0, 0x10];

  test.each([
    [0, 'unit 0x1000'],
    [0xf, 'unit 0x100f'],
    [0x10, 'no-entry'],
    [0x20, 'unit 0x0'],
    [0x2f, 'unit 0xf'],
    [0x30, 'no-entry'],
  ])('takes requester id 0x%s to %s', (rid, expected) => {
    expect(mapped({ 'iommu-map': map }, rid)).toBe(expected);
  });

  test('is looked up with what its mask leaves of an id', () => {
    expect(mapped({ 'iommu-map': map, 'iommu-map-mask': [0xff] }, 0x4523)).toBe('unit 0x3');
  });

  test('gives a result of 32 bits', () => {
    expect(mapped({ 'iommu-map': [0, 7, 0xffffffff, 8] }, 2)).toBe('unit 0x1');
  });

  test('of which the first entry that fits counts', () => {
    expect(mapped({ 'iommu-map': [0, 7, 1, 8, 0, 7, 2, 8] }, 0)).toBe('unit 0x1');
  });

  test.each([
    ['no entry', []],
    ['part of an entry', [0, 7, 0]],
    ['a base outside of the mask', [0x100, 7, 0, 8]],
    ['a node that is not there', [0, 8, 0, 8]],
  ])('contradicts itself with %s', (_, cells) => {
    expect(mapped({ 'iommu-map': cells, 'iommu-map-mask': [0xff] }, 0)).toBe('invalid');
  });

  test('may be missing', () => {
    expect(mapped({}, 0)).toBe('no-property');
  });
});
