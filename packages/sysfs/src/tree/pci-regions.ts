import { refused } from '@iommu/core';
import { attributesOf } from '@iommu/machine';
import type { PciDevice } from '@iommu/pci';
import { type Attribute, AttributeFile, notModelled, WritableFile } from './attribute.js';
import type { Part } from './directory.js';
import type { Sys } from './sys.js';

/** A region of a function's registers, from a line of its file `resource`. */
interface Region {
  readonly index: number;
  /** In bytes. */
  readonly size: number;
  readonly flags: number;
}

/** Flags as the kernel prints them. @see Linux v7.0 include/linux/ioport.h */
const FLAG_MEMORY = 0x200;
const FLAG_PREFETCH = 0x2000;

/** Of the lines the first six are BARs, the seventh is the ROM. */
const BARS = 6;
const ROM = 6;

/** Kernels that can map memory write-combining. */
const WRITE_COMBINING = ['x86', 'arm64'];

const LINE = /^0x([0-9a-f]{16}) 0x([0-9a-f]{16}) 0x([0-9a-f]{16})$/;

const regionsOf = (device: PciDevice): Region[] => {
  const lines = attributesOf(device).resource?.split('\n') ?? [];
  return lines.slice(0, ROM + 1).flatMap((text, index) => {
    const [, start, end, flags] = LINE.exec(text.trim()) ?? [];
    if (start === undefined || end === undefined || flags === undefined) return [];
    const size = BigInt(`0x${end}`) - BigInt(`0x${start}`) + 1n;
    // A region without an address or flags does not exist.
    if (BigInt(`0x${end}`) === 0n || size <= 0n) return [];
    return [{ index, size: Number(size), flags: Number(BigInt(`0x${flags}`) & 0xffff_ffffn) }];
  });
};

const row = (name: string, size: number, format: string, read: Attribute<PciDevice>['read']): Attribute<PciDevice> => ({
  name,
  mode: 0o600,
  format,
  size: () => size,
  ...(read && { read }),
  write: notModelled,
});

const romRow = (size: number): Attribute<PciDevice> =>
  row('rom', size, 'binary: the ROM, once it was enabled by writing 1', () => {
    throw refused('EINVAL', 'the ROM is not enabled');
  });

/** `resource0`, `resource0_wc`, `rom`: memory can only be mapped, so that nothing is ever read. */
const rowsOf = (device: PciDevice, arch: string): Attribute<PciDevice>[] =>
  regionsOf(device).flatMap(({ index, size, flags }) => {
    if (index === ROM) return [romRow(size)];
    if (index >= BARS) return [];
    const isCombining = (flags & FLAG_MEMORY) !== 0 && (flags & FLAG_PREFETCH) !== 0 && WRITE_COMBINING.includes(arch);
    const names = isCombining ? [`resource${index}`, `resource${index}_wc`] : [`resource${index}`];
    return names.map((name) => row(name, size, 'binary: the region itself', undefined));
  });

const MEANT = /^(?:resource[0-5](?:_wc)?|rom)$/;

/** Files for the regions of a function, where a dump tells of those. @see Linux v7.0 drivers/pci/pci-sysfs.c pci_create_attr() */
export const regionFiles = (sys: Sys): Part<PciDevice> => ({
  *names({ subject }) {
    for (const { name } of rowsOf(subject, sys.kernel.arch)) yield name;
  },
  child(name, directory) {
    const found = MEANT.test(name)
      ? rowsOf(directory.subject, sys.kernel.arch).find((other) => other.name === name)
      : undefined;
    if (!found) return undefined;
    return directory.entry(
      name,
      (known) => known instanceof AttributeFile,
      () => new WritableFile(directory, found, sys),
    );
  },
});
