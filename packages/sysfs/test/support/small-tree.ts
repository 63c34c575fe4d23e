import { refused } from '@iommu/core';
import type { SysfsFile } from '../../src/node.js';
import { SketchDirectory, sketchFile } from './sketch-tree.js';

const gone: SysfsFile = {
  kind: 'file',
  mode: 0o444,
  size: 4096,
  read: () => {
    throw refused('ENODEV', 'it is gone');
  },
};

const onlyWritten: SysfsFile = {
  kind: 'file',
  mode: 0o200,
  size: 4096,
  read: () => {
    throw refused('EIO', 'it is only written');
  },
};

const binary: SysfsFile = { kind: 'file', mode: 0o644, size: 4096, read: () => Uint8Array.of(0x86, 0x80, 0, 0xff) };

/** A function in a group, with every kind of file. */
export const smallTree = (): SketchDirectory =>
  new SketchDirectory({
    kernel: {
      iommu_groups: {
        7: {
          devices: { '0000:00:01.0': '-> ../../../../devices/pci0000:00/0000:00:01.0' },
          reserved_regions: '0x0 0xf direct\n0x10 0x1f msi\n',
          type: sketchFile('DMA\n', 0o644),
        },
      },
    },
    bus: { pci: { devices: { '0000:00:01.0': '-> ../../../devices/pci0000:00/0000:00:01.0' } } },
    devices: {
      'pci0000:00': {
        uevent: '',
        '0000:00:01.0': {
          vendor: '0x8086\n',
          uevent: 'PCI_ID=8086:1901\nSUBSYSTEM=other\n',
          config: binary,
          gone,
          remove: onlyWritten,
          iommu_group: '-> ../../../kernel/iommu_groups/7',
          subsystem: '-> ../../../bus/pci',
          power: { control: 'on\n' },
          pci_bus: { '0000:01': { subsystem: '-> ../../../../../class/pci_bus', cpuaffinity: 'f\n' } },
        },
      },
    },
  });
