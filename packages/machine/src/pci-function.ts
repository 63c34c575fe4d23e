import type { PciFunction } from '@iommu/pci';
import { toBytes } from './bytes.js';
import type { MachinePciFunction } from './machine.js';

/** A function as the topology takes it: itself, unless its bytes are in base64. @throws IommuError `ERR_MACHINE` */
export const pciFunction = (described: MachinePciFunction): PciFunction => {
  const { config } = described;
  return typeof config === 'string'
    ? { ...described, config: toBytes(config, `${described.address}.config`) }
    : (described as PciFunction);
};
