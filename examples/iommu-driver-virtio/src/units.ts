import type { Device } from '@iommu/core';
import { isPciDevice } from '@iommu/pci';
import { isVirtioFunction, isVirtioIommu } from './functions.js';
import type { Carrier, VirtioUnit } from './unit.js';

const isFunction = (carrier: Carrier | Device): boolean => 'bus' in carrier && isPciDevice(carrier);

/**
 * The units in the order in which they register: those with registers in memory, then functions as they were found. The
 * kernel's driver takes a virtio-iommu whether firmware names it or not.
 *
 * Each is below a virtio device, and these are numbered as their drivers are probed. What is behind an IOMMU waits for
 * it; what is not, and was found earlier, comes before it.
 *
 * @param named - By firmware.
 * @param isTranslated - Whether firmware puts a device behind an IOMMU.
 * @see Linux v7.0 drivers/iommu/virtio-iommu.c viommu_probe(), drivers/virtio/virtio.c register_virtio_device()
 */
export const unitsOf = (
  named: readonly Carrier[],
  devices: readonly Device[],
  isTranslated: (device: Device) => boolean,
): VirtioUnit[] => {
  const isCarrier = (device: Device): boolean => isVirtioIommu(device) || named.includes(device);
  // Of two devices of one name the second cannot be registered.
  const isFirst = ({ name }: Carrier, at: number): boolean => named.findIndex((one) => one.name === name) === at;
  const inMemory = named.filter((carrier, at) => !isFunction(carrier) && isFirst(carrier, at));
  const carriers = [...inMemory, ...devices.filter((device) => isPciDevice(device) && isCarrier(device))];
  const early = devices.filter(
    (device) => isPciDevice(device) && (isCarrier(device) || (isVirtioFunction(device) && !isTranslated(device))),
  );
  const numbered: readonly Carrier[] = [...inMemory, ...early];
  return carriers.map((carrier) => ({
    name: carrier.name,
    parent: `${carrier.path}/virtio${numbered.indexOf(carrier)}`,
    carrier,
  }));
};
