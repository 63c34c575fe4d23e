// An Arm server: a host bridge and a platform device behind each of two SMMUs, by device tree. Written by hand.
import { writeDeviceTree } from '@iommu/firmware';
import { endpoint, layOut, platformDevice, rootPort } from '@iommu/machine/build';

const smmuNode = (phandle, base) => ({
  properties: { compatible: 'arm,smmu-v3', reg: [0, base, 0, 0x20000], '#iommu-cells': [1], phandle: [phandle] },
});
const hostBridge = (segment, smmu, base) => ({
  properties: {
    compatible: 'pci-host-ecam-generic',
    device_type: 'pci',
    'linux,pci-domain': [segment],
    'bus-range': [0, 255],
    reg: [0, base, 0, 0x10000000],
    'iommu-map': [0, smmu, 0, 0x10000],
  },
});

export const armServer = () => ({
  schema: 1,
  name: 'authored: Arm server',
  notes: [{ severity: 'info', code: 'authored', message: 'this machine was written by hand; no kernel was asked' }],
  kernel: { release: '7.3.0', arch: 'aarch64', commandLine: 'console=ttyAMA0' },
  firmware: {
    deviceTree: writeDeviceTree({
      properties: { '#address-cells': [2], '#size-cells': [2] },
      nodes: {
        'iommu@9050000': smmuNode(1, 0x9050000),
        'iommu@9250000': smmuNode(2, 0x9250000),
        'pcie@40000000': hostBridge(0, 1, 0x40000000),
        'pcie@50000000': hostBridge(1, 2, 0x50000000),
        'ethernet@9400000': {
          properties: { compatible: 'calxeda,hb-xgmac', reg: [0, 0x9400000, 0, 0x1000], iommus: [1, 0x10000] },
        },
        'sata@9600000': {
          properties: { compatible: 'calxeda,hb-ahci', reg: [0, 0x9600000, 0, 0x1000], iommus: [2, 0x10000] },
        },
      },
    }),
  },
  devices: [
    platformDevice('9400000.ethernet', { firmwareNode: '/ethernet@9400000', driver: 'calxedaxgmac' }),
    platformDevice('9600000.sata', { firmwareNode: '/sata@9600000', driver: 'highbank-ahci' }),
  ],
  pci: {
    ...layOut(
      [0, 1].map((segment) => ({
        segment,
        devices: [
          rootPort({ slot: 1, id: '1def:e101', driver: 'pcieport', acs: true }, [
            endpoint({
              id: '15b3:1017',
              class: '020000',
              driver: 'mlx5_core',
              label: 'Mellanox Technologies MT27800 Family [ConnectX-5]',
            }),
          ]),
        ],
      })),
    ),
    rootParents: { '0000:00': 'platform/40000000.pcie', '0001:00': 'platform/50000000.pcie' },
  },
});
