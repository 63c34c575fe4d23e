import type { PciDevice } from '@iommu/pci';

/** Matches every value. @see Linux v6.1 include/linux/mod_devicetable.h PCI_ANY_ID */
export const PCI_ANY_ID = 0xffffffff;

/** One row of a driver's table of ids. Numbers of 32 bits; the class is masked before it is compared. */
export interface PciId {
  readonly vendor: number;
  readonly device: number;
  readonly subvendor: number;
  readonly subdevice: number;
  readonly class: number;
  readonly classMask: number;
}

/** What a row is compared with; what is not known of a device matches only {@link PCI_ANY_ID}. */
export type PciIdentity = { readonly [K in Exclude<keyof PciId, 'classMask'>]: number | undefined };

/** A number as the kernel's `%x` takes it; higher bits than 32 are lost. */
const WORD = /^\s*(?:0x)?([0-9a-f]+)/i;

/**
 * Numbers in hexadecimal, as far as they follow each other.
 *
 * @param separator - What stands between two; absent: blanks, or nothing.
 * @see Linux v6.1 lib/vsprintf.c vsscanf()
 */
const scan = (text: string, count: number, separator = ''): number[] => {
  const numbers: number[] = [];
  for (let rest = text; numbers.length < count; ) {
    const match = WORD.exec(rest);
    if (!match) break;
    numbers.push(Number.parseInt((match[1] ?? '').slice(-8), 16));
    rest = rest.slice(match[0].length);
    if (!rest.startsWith(separator)) break;
    rest = rest.slice(separator.length);
  }
  return numbers;
};

/** A row, and how many numbers the text held. */
export interface ScannedId extends PciId {
  readonly fields: number;
}

const scanned = (numbers: readonly number[]): ScannedId | undefined => {
  const [vendor, device, subvendor = PCI_ANY_ID, subdevice = PCI_ANY_ID, code = 0, classMask = 0] = numbers;
  if (vendor === undefined || device === undefined) return undefined;
  return { vendor, device, subvendor, subdevice, class: code, classMask, fields: numbers.length };
};

/**
 * What is written to `new_id` and `remove_id`: vendor and device, then as far as wanted subsystem vendor, subsystem
 * device, class, mask of the class, and a number of the driver's own; all in hexadecimal.
 *
 * @returns `undefined` when there are not even two numbers.
 */
export const parseNewId = (text: string): ScannedId | undefined => scanned(scan(text, 7));

/**
 * The parameter `ids` of vfio-pci and pci-stub: ids as {@link parseNewId} takes them, but with colons between their
 * numbers, and commas between ids. What is no id is left out.
 *
 * @see Linux v6.1 drivers/vfio/pci/vfio_pci.c vfio_pci_fill_ids(), drivers/pci/pci-stub.c pci_stub_init()
 */
export const parseIdParameter = (text: string): PciId[] =>
  text.split(',').flatMap((one) => scanned(scan(one, 6, ':')) ?? []);

const fits = (wanted: number, value: number | undefined): boolean => wanted === PCI_ANY_ID || wanted === value;

/** @see Linux v6.1 drivers/pci/pci.h pci_match_one_device() */
export const matchesId = (id: PciId, of: PciIdentity): boolean =>
  fits(id.vendor, of.vendor) &&
  fits(id.device, of.device) &&
  fits(id.subvendor, of.subvendor) &&
  fits(id.subdevice, of.subdevice) &&
  (id.classMask === 0 || (of.class !== undefined && ((id.class ^ of.class) & id.classMask) === 0));

export const identityOf = ({ facts }: PciDevice): PciIdentity => ({
  vendor: facts.vendor,
  device: facts.device,
  subvendor: facts.subsystemVendor,
  subdevice: facts.subsystemDevice,
  class: facts.classCode,
});
