import { type Bytes, type MachinePciFunction, pciFunction, toBase64, toBytes } from '@iommu/machine';
import { factsOf } from '@iommu/pci';

const HEADER_TYPE = 0x0e;
const MULTIFUNCTION = 0x80;
const PRIMARY_BUS = 0x18;
const SECONDARY_BUS = 0x19;
const SUBORDINATE_BUS = 0x1a;
const SRIOV_CONTROL = 0x08;
const SRIOV_NUM_VFS = 0x10;
const VF_ENABLE = 0x01;
const VF_MEMORY = 0x08;

/** A copy of some bytes with a few others, in the form that they had; those that were not read are not made up. */
const withBytes = (bytes: Bytes, changes: Readonly<Record<number, number>>): Bytes => {
  const copy = Uint8Array.from(toBytes(bytes, 'config'));
  for (const [at, value] of Object.entries(changes)) if (Number(at) < copy.length) copy[Number(at)] = value;
  return typeof bytes === 'string' ? toBase64(copy) : copy;
};

const patched = (description: MachinePciFunction, changes: Readonly<Record<number, number>>): MachinePciFunction =>
  description.config === undefined ? description : { ...description, config: withBytes(description.config, changes) };

/** The numbers of the buses around a bridge: in its bytes, and stated where they were stated or nothing was read. */
export const withBusNumbers = (
  description: MachinePciFunction,
  primary: number,
  secondary: number,
  subordinate: number,
): MachinePciFunction => {
  const { secondaryBus, subordinateBus } = factsOf(pciFunction(description));
  if (secondaryBus === secondary && (subordinateBus === subordinate || subordinateBus === undefined))
    return description;
  const result = patched(description, {
    [PRIMARY_BUS]: primary,
    [SECONDARY_BUS]: secondary,
    [SUBORDINATE_BUS]: subordinate,
  });
  const read = factsOf(pciFunction(result));
  const isSaid = read.secondaryBus === secondary && read.subordinateBus === subordinate;
  return isSaid ? result : { ...result, secondaryBus: secondary, subordinateBus: subordinate };
};

/** Bit 7 of the header type: whether the slot holds several functions. */
export const withMultifunction = (description: MachinePciFunction, multifunction: boolean): MachinePciFunction => {
  const facts = factsOf(pciFunction(description));
  if (facts.multifunction === multifunction) return description;
  const header = (facts.headerType ?? 0) | (multifunction ? MULTIFUNCTION : 0);
  const result = patched(description, { [HEADER_TYPE]: header });
  return factsOf(pciFunction(result)).multifunction === multifunction ? result : { ...result, multifunction };
};

/** How many virtual functions a physical one has switched on. */
export const withVirtualFunctions = (description: MachinePciFunction, count: number): MachinePciFunction => {
  const { sriov } = factsOf(pciFunction(description));
  const at = sriov?.at;
  if (at === undefined || description.config === undefined) return description;
  const bytes = toBytes(description.config, 'config');
  const control = (bytes[at + SRIOV_CONTROL] ?? 0) & ~(VF_ENABLE | VF_MEMORY);
  return patched(description, {
    [at + SRIOV_CONTROL]: count > 0 ? control | VF_ENABLE | VF_MEMORY : control,
    [at + SRIOV_NUM_VFS]: count & 0xff,
    [at + SRIOV_NUM_VFS + 1]: count >> 8,
  });
};
