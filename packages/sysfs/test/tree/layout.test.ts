import { expect, test } from 'vitest';
import { nodeAt, type SysfsNode } from '../../src/index.js';
import { MACHINE, start } from '../support/machines.js';

/*
 * The rows of what the kernel's own source says of modes, sizes and formats: drivers/pci/pci-sysfs.c, iov.c and slot.c,
 * drivers/iommu/iommu.c and iommu-sysfs.c, drivers/base/bus.c and core.c, drivers/acpi/sysfs.c of Linux 7.0.
 */

const UNIT = { name: 'toy0', parent: 'pci0000:00/0000:00:1c.0' };
const { tree, text, file } = start(MACHINE, {
  units: [UNIT],
  unitOf: (name) => (name === '0000:00:1c.0' ? undefined : 'toy0'),
  attributes: { 'toy-iommu/cap': '190b640f' },
});

const GPU = 'devices/pci0000:00/0000:00:1c.0/0000:01:00.0';
const PORT = 'devices/pci0000:00/0000:00:1c.0';
const NIC = 'devices/pci0000:00/0000:00:1c.0/0000:01:00.1';
const VF = 'devices/pci0000:00/0000:00:1c.0/0000:01:10.1';

/** Path, mode, size, content; `undefined`: cannot be read. */
const FILES: readonly (readonly [path: string, mode: number, size: number, content: string | undefined])[] = [
  [`${GPU}/vendor`, 0o444, 4096, '0x10de\n'],
  [`${GPU}/device`, 0o444, 4096, '0x2684\n'],
  [`${GPU}/subsystem_vendor`, 0o444, 4096, '0x1043\n'],
  [`${GPU}/subsystem_device`, 0o444, 4096, '0x88e2\n'],
  [`${GPU}/revision`, 0o444, 4096, '0xa1\n'],
  [`${GPU}/class`, 0o444, 4096, '0x030000\n'],
  [`${GPU}/modalias`, 0o444, 4096, 'pci:v000010DEd00002684sv00001043sd000088E2bc03sc00i00\n'],
  [
    `${GPU}/uevent`,
    0o644,
    4096,
    'DRIVER=nouveau\nPCI_CLASS=30000\nPCI_ID=10DE:2684\nPCI_SUBSYS_ID=1043:88E2\nPCI_SLOT_NAME=0000:01:00.0\n' +
      'MODALIAS=pci:v000010DEd00002684sv00001043sd000088E2bc03sc00i00\n',
  ],
  [`${GPU}/irq`, 0o444, 4096, '11\n'],
  [`${PORT}/irq`, 0o444, 4096, '122\n'],
  [`${VF}/irq`, 0o444, 4096, '0\n'],
  [`${GPU}/local_cpus`, 0o444, 4096, 'ff\n'],
  [`${GPU}/local_cpulist`, 0o444, 4096, '0-7\n'],
  [`${GPU}/numa_node`, 0o644, 4096, '-1\n'],
  [`${GPU}/dma_mask_bits`, 0o444, 4096, '47\n'],
  [`${GPU}/consistent_dma_mask_bits`, 0o444, 4096, '47\n'],
  [`${GPU}/enable`, 0o644, 4096, '1\n'],
  [`${GPU}/broken_parity_status`, 0o644, 4096, '0\n'],
  [`${GPU}/msi_bus`, 0o644, 4096, '1\n'],
  [`${GPU}/d3cold_allowed`, 0o644, 4096, '1\n'],
  [`${GPU}/ari_enabled`, 0o444, 4096, '0\n'],
  [`${GPU}/power_state`, 0o444, 4096, 'D0\n'],
  [`${GPU}/devspec`, 0o444, 4096, '\n'],
  [`${GPU}/boot_vga`, 0o444, 4096, '1\n'],
  [`${GPU}/current_link_speed`, 0o444, 4096, '16.0 GT/s PCIe\n'],
  [`${GPU}/current_link_width`, 0o444, 4096, '16\n'],
  [`${GPU}/max_link_speed`, 0o444, 4096, '16.0 GT/s PCIe\n'],
  [`${GPU}/max_link_width`, 0o444, 4096, '16\n'],
  [`${GPU}/aer_dev_fatal`, 0o444, 4096, 'Undefined 0\nDLP 0\nTOTAL_ERR_FATAL 0\n'],
  [`${PORT}/aer_rootport_total_err_cor`, 0o444, 4096, '0\n'],
  [`${GPU}/driver_override`, 0o644, 4096, '(null)\n'],
  [`${GPU}/remove`, 0o220, 4096, undefined],
  [`${GPU}/rescan`, 0o200, 4096, undefined],
  [`${GPU}/reset`, 0o200, 4096, undefined],
  [`${GPU}/reset_method`, 0o644, 4096, 'flr bus\n'],
  [`${PORT}/secondary_bus_number`, 0o444, 4096, '1\n'],
  [`${PORT}/subordinate_bus_number`, 0o444, 4096, '10\n'],
  [`${PORT}/reset_subordinate`, 0o200, 4096, undefined],
  [`${NIC}/sriov_totalvfs`, 0o444, 4096, '7\n'],
  [`${NIC}/sriov_numvfs`, 0o644, 4096, '2\n'],
  [`${NIC}/sriov_offset`, 0o444, 4096, '128\n'],
  [`${NIC}/sriov_stride`, 0o444, 4096, '2\n'],
  [`${NIC}/sriov_vf_device`, 0o444, 4096, '10ca\n'],
  [`${NIC}/sriov_drivers_autoprobe`, 0o644, 4096, '1\n'],
  [`${VF}/sriov_vf_msix_count`, 0o200, 4096, undefined],
  [`${GPU}/resource0`, 0o600, 0x100_0000, undefined],
  [`${GPU}/resource2`, 0o600, 0x1000_0000, undefined],
  [`${GPU}/resource2_wc`, 0o600, 0x1000_0000, undefined],
  [`${GPU}/resource4`, 0o600, 0x80, undefined],
  [`${GPU}/rom`, 0o600, 0x2_0000, undefined],
  ['devices/pci0000:00/uevent', 0o644, 4096, ''],
  ['devices/pci0000:00/pci_bus/0000:00/rescan', 0o200, 4096, undefined],
  [`${PORT}/pci_bus/0000:01/rescan`, 0o200, 4096, undefined],
  [`${PORT}/pci_bus/0000:01/uevent`, 0o644, 4096, ''],
  ['bus/pci/drivers_autoprobe', 0o644, 4096, '1\n'],
  ['bus/pci/drivers_probe', 0o200, 4096, undefined],
  ['bus/pci/rescan', 0o200, 4096, undefined],
  ['bus/pci/uevent', 0o200, 4096, undefined],
  ['bus/pci/drivers/nouveau/bind', 0o200, 4096, undefined],
  ['bus/pci/drivers/nouveau/unbind', 0o200, 4096, undefined],
  ['bus/pci/drivers/nouveau/new_id', 0o200, 4096, undefined],
  ['bus/pci/drivers/nouveau/remove_id', 0o200, 4096, undefined],
  ['bus/pci/drivers/nouveau/uevent', 0o200, 4096, undefined],
  ['kernel/iommu_groups/0/type', 0o644, 4096, 'DMA-FQ\n'],
  [
    'kernel/iommu_groups/0/reserved_regions',
    0o444,
    4096,
    '0x0000000000001000 0x0000000000001fff direct\n0x00000000fee00000 0x00000000feefffff msi\n',
  ],
  [`${PORT}/iommu/toy0/toy-iommu/cap`, 0o444, 4096, '190b640f\n'],
  [`${PORT}/iommu/toy0/uevent`, 0o644, 4096, ''],
  ['firmware/acpi/tables/DMAR', 0o400, 48, '\0'.repeat(48)],
];

test.each(FILES)('%s has the mode, the size and the content that the kernel gives it', (path, mode, size, content) => {
  const { mode: ownMode, size: ownSize } = file(path);
  expect([ownMode.toString(8), ownSize]).toEqual([mode.toString(8), size]);
  if (content === undefined) expect(() => text(path)).toThrow(/^E/);
  else expect(text(path)).toBe(content);
});

/** Path and text. */
const LINKS: readonly (readonly [path: string, target: string])[] = [
  ['bus/pci/devices/0000:01:00.0', '../../../devices/pci0000:00/0000:00:1c.0/0000:01:00.0'],
  ['bus/pci/drivers/nouveau/0000:01:00.0', '../../../../devices/pci0000:00/0000:00:1c.0/0000:01:00.0'],
  ['bus/pci/drivers/nouveau/module', '../../../../module/nouveau'],
  ['module/nouveau/drivers/pci:nouveau', '../../../bus/pci/drivers/nouveau'],
  [`${GPU}/subsystem`, '../../../../bus/pci'],
  [`${GPU}/driver`, '../../../../bus/pci/drivers/nouveau'],
  [`${GPU}/iommu`, '../iommu/toy0'],
  [`${GPU}/iommu_group`, '../../../../kernel/iommu_groups/0'],
  [`${NIC}/virtfn0`, '../0000:01:10.1'],
  [`${NIC}/virtfn1`, '../0000:01:10.3'],
  [`${VF}/physfn`, '../0000:01:00.1'],
  [`${PORT}/pci_bus/0000:01/device`, '../../../0000:00:1c.0'],
  [`${PORT}/pci_bus/0000:01/subsystem`, '../../../../../class/pci_bus'],
  ['devices/pci0000:00/pci_bus/0000:00/device', '../../../pci0000:00'],
  ['class/pci_bus/0000:01', '../../devices/pci0000:00/0000:00:1c.0/pci_bus/0000:01'],
  ['class/iommu/toy0', '../../devices/pci0000:00/0000:00:1c.0/iommu/toy0'],
  [`${PORT}/iommu/toy0/device`, '../../../0000:00:1c.0'],
  [`${PORT}/iommu/toy0/subsystem`, '../../../../../class/iommu'],
  [`${PORT}/iommu/toy0/devices/0000:01:00.0`, '../../../0000:01:00.0'],
  ['kernel/iommu_groups/0/devices/0000:01:00.0', '../../../../devices/pci0000:00/0000:00:1c.0/0000:01:00.0'],
];

test.each(LINKS)('%s leads to %s', (path, target) => {
  const node = nodeAt(tree.root, path);
  expect(node?.kind === 'link' ? node.target : node).toBe(target);
});

const DIRECTORIES = [
  `${GPU}/power`,
  'devices/pci0000:00/power',
  `${PORT}/pci_bus/0000:01/power`,
  `${PORT}/iommu/toy0/power`,
  'bus/pci/slots',
  'devices/platform',
  'bus/platform/devices',
];

test.each(DIRECTORIES)('%s is a directory that everybody may read', (path) => {
  const node = nodeAt(tree.root, path);
  expect(node?.kind === 'directory' ? node.mode.toString(8) : node).toBe('755');
});

test('the top is a directory that nobody may write', () => {
  expect(tree.root.mode).toBe(0o555);
});

/** What a device of this machine does not have. */
const ABSENT = [
  // A unit as a PCI function, and what it is behind.
  `${PORT}/iommu_group`,
  `${PORT}/iommu/toy0/devices/0000:00:1c.0`,
  // Not a bridge, not a physical function, not a virtual one.
  `${GPU}/secondary_bus_number`,
  `${GPU}/sriov_totalvfs`,
  `${GPU}/sriov_vf_msix_count`,
  `${GPU}/pci_bus`,
  `${NIC}/physfn`,
  `${NIC}/virtfn2`,
  // Regions that are not there, and one that cannot be combined.
  `${GPU}/resource1`,
  `${GPU}/resource0_wc`,
  // Nothing tells their content.
  `${NIC}/resource`,
  `${NIC}/numa_node`,
  `${NIC}/subsystem_vendor/x`,
  // Nobody set a name.
  'kernel/iommu_groups/0/name',
  // Names as no path has them.
  'bus/pci/devices/01:00.0',
  'bus/pci/devices/0000:01:00.9',
  'devices/pci0000:00/0000:01:00.0',
  'kernel/iommu_groups/00',
  'firmware/fdt',
  'devices/virtual',
];

test.each(ABSENT)('%s is not there', (path) => {
  expect(nodeAt(tree.root, path)).toBeUndefined();
});

test('shows the whole configuration space to those who may see it, and else the header', () => {
  const node = file(`${GPU}/config`);
  expect([node.mode, node.size]).toEqual([0o644, 4096]);
  expect(node.read({ uid: 0, sysAdmin: true, sysRawio: true }).length).toBe(4096);
  expect(node.read({ uid: 1000, sysAdmin: false, sysRawio: false }).length).toBe(64);
});

test('cuts text to what a page holds', () => {
  const long = start({
    ...MACHINE,
    pci: { functions: [{ address: '0000:00:00.0', parent: null, attributes: { devspec: 'x'.repeat(9000) } }] },
  });
  expect(long.text('devices/pci0000:00/0000:00:00.0/devspec').length).toBe(4095);
});

test('keeps one object for an entry as long as that lives', () => {
  const paths = [
    GPU,
    `${GPU}/vendor`,
    `${GPU}/driver`,
    `${GPU}/power`,
    `${PORT}/pci_bus/0000:01`,
    'kernel/iommu_groups/0/type',
    'bus/pci/drivers/nouveau',
    'class/iommu/toy0',
    'bus/pci/devices/0000:01:00.0',
    'devices/pci0000:00',
  ];
  const first = paths.map((path) => nodeAt(tree.root, path));
  const again = paths.map((path) => nodeAt(tree.root, path));
  expect(first.every((node): node is SysfsNode => node !== undefined)).toBe(true);
  for (const [at, node] of first.entries()) expect(again[at]).toBe(node);
});
