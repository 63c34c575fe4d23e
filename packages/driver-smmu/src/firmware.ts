import { isIommuError, type Platform, type Reason } from '@iommu/core';
import { deviceTreeInUse } from '@iommu/firmware';
import { DeviceTreeFirmware } from './device-tree/device-tree-firmware.js';
import { IortFirmware } from './iort/iort-firmware.js';
import { parseIort } from './iort/parse-iort.js';
import type { SmmuFirmware } from './unit.js';

/** What Linux refuses of an IORT leaves the machine without SMMUs; bytes that are missing are the input's fault. */
const readIort = (bytes: Uint8Array, platform: Platform): SmmuFirmware | Reason => {
  try {
    const iort = parseIort(bytes);
    if (!iort.checksumOk) {
      platform.report({
        severity: 'firmware-bug',
        code: 'iort-checksum',
        message: 'the checksum of the IORT is wrong',
      });
    }
    return new IortFirmware(iort, platform);
  } catch (error) {
    if (!isIommuError(error, 'ERR_TABLE_FIELD')) throw error;
    platform.report({ severity: 'firmware-bug', code: 'iort-invalid', message: error.message });
    return {
      rule: 'iort-invalid',
      text: `The IORT cannot be followed: ${error.message}.`,
      source: 'iort_scan_node()',
      devices: [],
    };
  }
};

/**
 * What firmware says of SMMUs.
 *
 * @returns A reason when it speaks of them and cannot be used; `undefined` when it does not speak of them.
 * @throws IommuError `ERR_TABLE_*` when the device tree, or the IORT as a table, cannot be read.
 */
export const smmuFirmware = (platform: Platform): SmmuFirmware | Reason | undefined => {
  const tree = deviceTreeInUse(platform);
  if (tree) {
    const firmware = new DeviceTreeFirmware(tree, platform);
    return firmware.units.length > 0 ? firmware : undefined;
  }
  const table = platform.acpiTable('IORT');
  if (!table) return undefined;
  const firmware = readIort(table, platform);
  return 'rule' in firmware || firmware.units.length > 0 ? firmware : undefined;
};
