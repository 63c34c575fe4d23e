import { tryParsePciAddress } from '@iommu/pci';

/** The words of a question about devices: an input, and devices; without an input it is about this machine. */
export const splitInput = (
  words: readonly string[],
): { readonly input: string | undefined; readonly devices: readonly string[] } => {
  const [first] = words;
  const isDevice = first !== undefined && tryParsePciAddress(first) !== undefined;
  return isDevice ? { input: undefined, devices: words } : { input: first, devices: words.slice(1) };
};
