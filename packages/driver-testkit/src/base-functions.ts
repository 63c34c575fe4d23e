import { type Machine, type MachinePciFunction, pciFunction } from '@iommu/machine';
import { factsOf, type PciAddress, parsePciAddress } from '@iommu/pci';

/** What stands for a device's identity in a drawing. */
export type Identity = Pick<MachinePciFunction, 'id' | 'class'>;

/** A function of a machine that others grow from, with what its description says, be it stated or only in its bytes. */
export interface BaseFunction extends PciAddress {
  readonly described: MachinePciFunction;
  readonly isBridge: boolean;
  /** The highest bus that is spoken for: its own, or one behind it. */
  readonly lastBus: number;
  readonly identity: Identity;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const baseFunction = (described: MachinePciFunction): BaseFunction => {
  const {
    vendor,
    device,
    classCode,
    headerType,
    secondaryBus = 0,
    subordinateBus = 0,
  } = factsOf(pciFunction(described));
  const address = parsePciAddress(described.address);
  return {
    ...address,
    described,
    isBridge: headerType === 1 || headerType === 2,
    lastBus: Math.max(address.rid >> 8, secondaryBus, subordinateBus),
    identity: {
      ...(vendor !== undefined && device !== undefined && { id: `${hex(vendor, 4)}:${hex(device, 4)}` }),
      ...(classCode !== undefined && { class: hex(classCode, 6) }),
    },
  };
};

/** Virtual functions are left out: what grows has none. */
export const baseFunctions = ({ pci }: Machine): BaseFunction[] =>
  (pci?.functions ?? []).filter(({ physicalFunction }) => physicalFunction === undefined).map(baseFunction);
