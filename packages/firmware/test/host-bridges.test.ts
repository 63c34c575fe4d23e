import { expect, test } from 'vitest';
import { HostBridges, type NodeSketch, parseDeviceTree, writeDeviceTree } from '../src/index.js';

const host = (address: number, more: NodeSketch['properties'] = {}, nodes: NodeSketch['nodes'] = {}): NodeSketch => ({
  properties: { device_type: 'pci', reg: [address, 0x1000], ...more },
  nodes,
});

const hosts = (nodes: NonNullable<NodeSketch['nodes']>): HostBridges =>
  new HostBridges(
    parseDeviceTree(writeDeviceTree({ properties: { '#address-cells': [1], '#size-cells': [1] }, nodes })),
  );

const TWO = hosts({ 'pcie@1000': host(0x1000), 'pcie@2000': host(0x2000) });

test('a host bridge is found by the device that its root bus belongs to', () => {
  expect(TWO.of({ segment: 0, parentPath: 'platform/2000.pcie' })?.name).toBe('pcie@2000');
});

test('without that device, by its segment, which counts up where no node states it', () => {
  expect(TWO.of({ segment: 1, parentPath: undefined })?.name).toBe('pcie@2000');
  expect(TWO.of({ segment: 2, parentPath: undefined })).toBeUndefined();
});

test('a segment that the node states counts', () => {
  const stated = hosts({ 'pcie@1000': host(0x1000, { 'linux,pci-domain': [4] }) });
  expect(stated.of({ segment: 4, parentPath: undefined })?.name).toBe('pcie@1000');
  expect(stated.of({ segment: 0, parentPath: undefined })).toBeUndefined();
});

test('a bridge below a host bridge is none, and neither is one that is switched off', () => {
  const all = hosts({
    'pcie@1000': host(0x1000, { status: 'disabled' }),
    'pcie@2000': host(0x2000, {}, { 'pci@1,0': { properties: { device_type: 'pci' } } }),
  });
  expect(all.nodes.map(({ name }) => name)).toEqual(['pcie@2000']);
});
