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

/** Whether what a function has was read, and is just that: then nothing changes. */
const isSo = ({ facts }: PciDevice, acs: MachinePciFunction['acs']): boolean => {
  if (!facts.acs || !acs) return facts.acs === acs;
  const { capability, control, dwords } = facts.acs;
  if (dwords || capability === undefined || control === undefined) return false;
  return formatAcsFlags(capability) === acs.capability && formatAcsFlags(control) === acs.control;
};

/**
 * Give a function ACS with all that isolation needs, or take its ACS capability away.
 *
 * @returns The machine itself, where its function is so already.
 * @throws IommuError `ERR_CHANGE`
 */
export const setAcs = (machine: Machine, { device: address, on }: AcsChange): Machine => {
  const device = topologyOf(machine).find(address);
  if (!device)
    throw impossible(`no PCI function '${address}' on this machine; expected an address such as 0000:00:1c.0`);
  if (on) checkKind(device);
  const acs = on ? acsOn(device) : null;
  if (isSo(device, acs)) return machine;
  const { functions = [] } = machine.pci ?? {};
  // Most dumps spell addresses as we do: then none has to be parsed.
  const exact = functions.findIndex(({ address: one }) => one === device.name);
  const at = exact < 0 ? functions.findIndex(({ address: one }) => spelled(one) === device.name) : exact;
  const changed = functions.map((one, index) => (index === at ? { ...one, acs } : one));
  return { ...machine, pci: { ...machine.pci, functions: changed } };
};
