import { type NodeSketch, writeDeviceTree } from '@iommu/firmware';
import type { Machine, MachinePciFunction } from '@iommu/machine';
import { platformDevice } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { nodeAt, type SysfsTree } from '../../src/index.js';
import { BRIDGE, ENDPOINT, start } from '../support/machines.js';

const fn = (address: string, rest: Partial<MachinePciFunction> = {}): MachinePciFunction => ({
  address,
  parent: null,
  id: '8086:0d57',
  class: '060000',
  headerType: 0,
  express: null,
  ...rest,
});

const pci = (...functions: readonly MachinePciFunction[]): Machine => ({ schema: 1, pci: { functions } });

const names = ({ root }: SysfsTree, path: string): string[] => {
  const node = nodeAt(root, path);
  return node?.kind === 'directory' ? [...node.names()] : [];
};

const target = ({ root }: SysfsTree, path: string): string | undefined => {
  const node = nodeAt(root, path);
  return node?.kind === 'link' ? node.target : undefined;
};

describe('host bridges', () => {
  test('stand at the top, below a platform device, or below the endpoint that hosts their segment', () => {
    const { tree } = start({
      ...pci(
        fn('0000:00:00.0'),
        fn('0000:00:0e.0'),
        fn('0001:40:00.0'),
        fn('10000:e0:06.0', { segmentHost: '0000:00:0e.0' }),
      ),
      pci: {
        functions: [
          fn('0000:00:00.0'),
          fn('0000:00:0e.0'),
          fn('0001:40:00.0'),
          fn('10000:e0:06.0', { segmentHost: '0000:00:0e.0' }),
        ],
        rootParents: { '0001:40': 'platform/soc/4010000000.pcie' },
      },
    });
    expect(names(tree, 'devices').filter((name) => name.startsWith('pci'))).toEqual(['pci0000:00']);
    expect(names(tree, 'devices/platform')).toEqual(['soc']);
    expect(names(tree, 'devices/platform/soc/4010000000.pcie')).toContain('pci0001:40');
    const hosted = 'devices/pci0000:00/0000:00:0e.0/pci10000:e0';
    expect(nodeAt(tree.root, `${hosted}/10000:e0:06.0/class`)).toBeDefined();
    expect(target(tree, 'devices/pci0000:00/0000:00:0e.0/domain')).toBe('pci10000:e0/pci_bus/10000:e0');
    expect(target(tree, 'bus/pci/devices/10000:e0:06.0')).toBe(`../../../${hosted}/10000:e0:06.0`);
    expect(target(tree, 'class/pci_bus/10000:e0')).toBe(`../../${hosted}/pci_bus/10000:e0`);
  });

  test('stay when all functions on them are gone', () => {
    const { tree, running } = start(pci(fn('0000:00:00.0')));
    running.removeDevice(running.device('00:00.0'));
    expect(names(tree, 'devices/pci0000:00')).toEqual(['uevent', 'power', 'pci_bus']);
  });
});

test('a device of which only the place is known is on the platform bus, and a folder of units is no device', () => {
  const { tree } = start(
    { ...pci(fn('0000:00:00.0')), devices: [] },
    { units: [{ name: 'smmu3.0x0000000009050000', parent: 'platform/arm-smmu-v3.0.auto' }] },
  );
  expect(target(tree, 'bus/platform/devices/arm-smmu-v3.0.auto')).toBe('../../../devices/platform/arm-smmu-v3.0.auto');
  expect(target(tree, 'devices/platform/arm-smmu-v3.0.auto/subsystem')).toBe('../../../bus/platform');
  expect(names(tree, 'devices/platform/arm-smmu-v3.0.auto/iommu')).toEqual(['smmu3.0x0000000009050000']);
  expect(names(tree, 'bus/platform/devices')).toEqual(['arm-smmu-v3.0.auto']);
});

test('a unit of a device on a PCI function stands below that', () => {
  const { tree } = start(pci(fn('0000:00:01.0')), {
    units: [{ name: '0000:00:01.0', parent: 'pci0000:00/0000:00:01.0/virtio0' }],
    unitOf: () => undefined,
  });
  const unit = 'devices/pci0000:00/0000:00:01.0/virtio0/iommu/0000:00:01.0';
  expect(target(tree, `${unit}/device`)).toBe('../../../virtio0');
  expect(names(tree, 'bus/platform/devices')).toEqual([]);
});

test('buses of virtual functions stand beside the bus of the bridge, and their functions beside the physical one', () => {
  const { tree } = start(
    pci({ ...BRIDGE, subordinateBus: 2 }, ENDPOINT, {
      ...ENDPOINT,
      address: '0000:02:00.0',
      parent: BRIDGE.address,
      physicalFunction: ENDPOINT.address,
    }),
  );
  const port = 'devices/pci0000:00/0000:00:1c.0';
  expect(names(tree, `${port}/pci_bus`)).toEqual(['0000:01', '0000:02']);
  expect(target(tree, `${port}/pci_bus/0000:02/device`)).toBe('../../../0000:00:1c.0');
  expect(nodeAt(tree.root, `${port}/0000:02:00.0`)).toBeDefined();
  expect(target(tree, `${port}/0000:02:00.0/physfn`)).toBe('../0000:01:00.0');
  expect(target(tree, `${port}/0000:01:00.0/virtfn0`)).toBe('../0000:02:00.0');
});

describe('devices of other buses', () => {
  const ethernet = platformDevice('9040000.ethernet', { driver: 'stmmac', firmwareNode: '/soc/ethernet@9040000' });
  const dma = platformDevice('9050000.dma', { bus: 'amba', below: 'soc' });
  const soc: NodeSketch = { nodes: { 'ethernet@9040000': { properties: { compatible: 'snps,dwmac' } } } };
  const { tree, text } = start({
    schema: 1,
    firmware: { deviceTree: writeDeviceTree({ nodes: { soc } }) },
    devices: [ethernet, dma],
  });

  test('have their bus, their driver, their group and their node', () => {
    const path = 'devices/platform/9040000.ethernet';
    expect(target(tree, 'bus/platform/devices/9040000.ethernet')).toBe('../../../devices/platform/9040000.ethernet');
    expect(target(tree, `${path}/subsystem`)).toBe('../../../bus/platform');
    expect(target(tree, `${path}/driver`)).toBe('../../../bus/platform/drivers/stmmac');
    expect(target(tree, 'bus/platform/drivers/stmmac/9040000.ethernet')).toBe(
      '../../../../devices/platform/9040000.ethernet',
    );
    expect(target(tree, `${path}/iommu_group`)).toBe('../../../kernel/iommu_groups/0');
    expect(target(tree, `${path}/of_node`)).toBe('../../../firmware/devicetree/base/soc/ethernet@9040000');
    expect(nodeAt(tree.root, `${path}/driver_override`)).toMatchObject({ kind: 'file', mode: 0o644 });
    expect(nodeAt(tree.root, 'bus/platform/drivers/stmmac/new_id')).toBeUndefined();
  });

  test('make their bus', () => {
    expect(names(tree, 'bus')).toEqual(['pci', 'platform', 'amba']);
    expect(target(tree, 'bus/amba/devices/9050000.dma')).toBe('../../../devices/platform/soc/9050000.dma');
    expect(nodeAt(tree.root, 'devices/platform/soc/9050000.dma/driver_override')).toBeUndefined();
    expect(nodeAt(tree.root, 'bus/amba/slots')).toBeUndefined();
  });

  test('come with the device tree that names them', () => {
    const base = 'firmware/devicetree/base/soc/ethernet@9040000';
    expect(nodeAt(tree.root, `${base}/compatible`)).toMatchObject({ kind: 'file', mode: 0o444, size: 11 });
    expect(text(`${base}/name`)).toBe('ethernet\0');
    expect(nodeAt(tree.root, 'firmware/fdt')).toMatchObject({ kind: 'file', mode: 0o400 });
    expect(nodeAt(tree.root, 'firmware/acpi')).toBeUndefined();
  });
});
