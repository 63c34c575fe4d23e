import { bridgeAbove, type PciDevice } from '@iommu/pci';

/** A device, and the bridges above it, the nearest first. */
export const wayUp = (device: PciDevice): readonly PciDevice[] => {
  const way = [device];
  for (let bridge = bridgeAbove(device); bridge; bridge = bridgeAbove(bridge)) way.push(bridge);
  return way;
};
