import { refused } from '@iommu/core';

const LARGEST_LONG = 0xffff_ffff_ffff_ffffn;

/**
 * A number as the kernel reads it from a file: decimal, hexadecimal after `0x`, octal after `0`; one newline may end it.
 *
 * @param largest - Inclusive.
 * @throws IommuError `ERR_REFUSED` with `EINVAL` for what is no number; the files of PCI say so of one that is too large too
 * @see Linux v7.0 lib/kstrtox.c kstrtoull()
 */
export const parseUnsigned = (text: string, largest: bigint = LARGEST_LONG): number => {
  const [, hex, octal, decimal] = /^\+?(?:0x([0-9a-f]+)|0([0-7]*)|([1-9][0-9]*))\n?$/i.exec(text) ?? [];
  let value: bigint;
  if (hex !== undefined) value = BigInt(`0x${hex}`);
  else if (octal !== undefined) value = BigInt(`0o${octal || '0'}`);
  else if (decimal !== undefined) value = BigInt(decimal);
  else throw refused('EINVAL', `'${text.trimEnd()}' is no number`);
  if (value > largest) throw refused('EINVAL', `${value} is more than ${largest}`);
  return Number(value);
};

/**
 * Yes or no as the kernel reads it: by the first letter, of `on` and `off` by the second.
 *
 * @throws IommuError `ERR_REFUSED` with `EINVAL`
 * @see Linux v7.0 lib/kstrtox.c kstrtobool()
 */
export const parseBoolean = (text: string): boolean => {
  if (/^(?:[1yt]|on)/i.test(text)) return true;
  if (/^(?:[0nf]|of)/i.test(text)) return false;
  throw refused('EINVAL', `'${text.trimEnd()}' is neither yes nor no`);
};
