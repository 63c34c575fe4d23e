import { isIommuError } from '@iommu/core';
import { abiOf, type Caller, nodeAt, ROOT, sysfsOf } from '@iommu/sysfs';
import { expect, test } from 'vitest';
import { handMade } from './hand-made.js';

const NOBODY: Caller = { uid: 65534, sysAdmin: false, sysRawio: false };
const NETWORK = 'devices/pci0000:00/0000:00:01.0/0000:01:00.0';
const IGB = 'bus/pci/drivers/igb';
const PORT = 'bus/pci/drivers/pcieport';

const { root } = sysfsOf(handMade().get('VT-d with VMD and SR-IOV')!);

/** The errno that a write gives. */
const refusalOf = (path: string, text: string, caller: Caller): string | undefined => {
  const node = nodeAt(root, path);
  if (node?.kind !== 'file' || !node.write) throw new Error(`${path} cannot be written`);
  try {
    node.write(new TextEncoder().encode(text), caller);
    return undefined;
  } catch (error) {
    if (!isIommuError(error, 'ERR_REFUSED')) throw error;
    return error.errno;
  }
};

test.each([
  ['kernel/iommu_groups/0/type', 'EINVAL', 'dma', ROOT],
  ['kernel/iommu_groups/0/type', 'EACCES', 'DMA', NOBODY],
  [`${PORT}/bind`, 'ENODEV', '0000:7f:00.0', ROOT],
  [`${IGB}/bind`, 'EBUSY', '0000:01:00.0', ROOT],
  [`${IGB}/unbind`, 'ENODEV', '0000:00:01.0', ROOT],
  [`${IGB}/new_id`, 'EINVAL', '8086', ROOT],
  [`${IGB}/new_id`, 'EEXIST', '8086 10c9', ROOT],
  [`${IGB}/remove_id`, 'EINVAL', 'x', ROOT],
  [`${IGB}/remove_id`, 'ENODEV', '8086 ffff', ROOT],
  [`${IGB}/uevent`, 'EPERM', 'add', ROOT],
  ['bus/pci/drivers_probe', 'ENODEV', '0000:7f:00.0', ROOT],
  ['bus/pci/rescan', 'EINVAL', 'now', ROOT],
  ['bus/pci/rescan', 'EINVAL', '18446744073709551616', ROOT],
  ['bus/platform/drivers_probe', 'EPERM', 'x', ROOT],
  ['devices/pci0000:00/pci_bus/0000:00/rescan', 'EINVAL', '', ROOT],
  [`${NETWORK}/remove`, 'EINVAL', '1 2', ROOT],
  [`${NETWORK}/rescan`, 'EINVAL', '-1', ROOT],
  [`${NETWORK}/enable`, 'EPERM', '1', ROOT],
  [`${NETWORK}/driver_override`, 'EINVAL', 'x'.repeat(4096), ROOT],
  [`${NETWORK}/sriov_numvfs`, 'EINVAL', 'two', ROOT],
  [`${NETWORK}/sriov_numvfs`, 'EBUSY', '1', ROOT],
  [`${NETWORK}/sriov_numvfs`, 'ERANGE', '8', ROOT],
  [`${NETWORK}/sriov_drivers_autoprobe`, 'EINVAL', 'x', ROOT],
])('%s: a write gives %s, which its entry names', (path, errno, text, caller) => {
  expect(refusalOf(path, text, caller)).toBe(errno);
  expect(abiOf(`/sys/${path}`)?.description).toMatch(new RegExp(`\\b${errno}\\b`));
});
