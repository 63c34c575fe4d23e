import type { Platform, Reason } from '@iommu/core';
import { deviceTreeInUse } from '@iommu/firmware';
import { DeviceTreeFirmware } from './device-tree/device-tree-firmware.js';
import type { VirtioFirmware } from './unit.js';
import { parseViot } from './viot/parse-viot.js';
import { ViotFirmware } from './viot/viot-firmware.js';

/** The first release with drivers/acpi/viot.c. */
const VIOT_SINCE = '5.14';

const readViot = (bytes: Uint8Array, platform: Platform): VirtioFirmware => {
  const viot = parseViot(bytes);
  if (!viot.checksumOk) {
    const message = 'the checksum of the VIOT is wrong';
    platform.report({ severity: 'firmware-bug', code: 'viot-checksum', message });
  }
  return new ViotFirmware(viot, platform);
};

/**
 * What firmware says of virtio-iommus.
 *
 * @returns A reason when it speaks of them and the kernel does not read it; `undefined` when it does not speak of them.
 * @throws IommuError `ERR_TABLE_*` when the device tree, or the VIOT as a table, cannot be read.
 */
export const virtioFirmware = (platform: Platform): VirtioFirmware | Reason | undefined => {
  const tree = deviceTreeInUse(platform);
  if (tree) {
    const firmware = new DeviceTreeFirmware(tree, platform);
    return firmware.carriers.length > 0 ? firmware : undefined;
  }
  const table = platform.acpiTable('VIOT');
  if (!table) return undefined;
  if (platform.kernel.has(VIOT_SINCE)) return readViot(table, platform);
  return {
    rule: 'viot-not-read',
    text: `The kernel reads the VIOT from ${VIOT_SINCE} on: before, no device is behind the virtio-iommu.`,
    source: 'acpi_viot_init()',
    devices: [],
  };
};
