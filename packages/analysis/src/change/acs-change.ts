import type { Machine, MachinePciFunction } from '@iommu/machine';
import { formatAcsFlags, type PciDevice, PcieType, pcieTypeName, REQUIRED_ACS_FLAGS } from '@iommu/pci';
import { type AcsChange, impossible } from './change.js';
import { spelled, topologyOf } from './pci-tree.js';

/** Kinds of which Linux asks nothing: they never isolate. */
const NEVER: readonly (number | null | undefined)[] = [
  PcieType['pcie-to-pci-bridge'],
  PcieType['pci-to-pcie-bridge'],
  PcieType['rc-event-collector'],
];

/** @throws IommuError `ERR_CHANGE` for a function whose kind cannot have ACS, or with which it would count for nothing. */
const checkKind = ({ name, express }: PciDevice): void => {
  if (express === null) throw impossible(`${name} is conventional PCI, which has no ACS`);
  if (NEVER.includes(express)) throw impossible(`${name} is a ${pcieTypeName(express ?? 0)}, which never isolates`);
};

const acsOn = ({ facts }: PciDevice): NonNullable<MachinePciFunction['acs']> => {
  const { capability = 0, control = 0 } = facts.acs ?? {};
  return {
    capability: formatAcsFlags(capability | REQUIRED_ACS_FLAGS),
    control: formatAcsFlags((control & capability) | REQUIRED_ACS_FLAGS),
  };
};

/**
 * Give a function ACS with all that isolation needs, or take its ACS capability away.
 *
 * @throws IommuError `ERR_CHANGE`
 */
export const setAcs = (machine: Machine, { device: address, on }: AcsChange): Machine => {
  const device = topologyOf(machine).find(address);
  if (!device)
    throw impossible(`no PCI function '${address}' on this machine; expected an address such as 0000:00:1c.0`);
  if (on) checkKind(device);
  const acs = on ? acsOn(device) : null;
  const functions = (machine.pci?.functions ?? []).map((one) =>
    spelled(one.address) === device.name ? { ...one, acs } : one,
  );
  return { ...machine, pci: { ...machine.pci, functions } };
};
