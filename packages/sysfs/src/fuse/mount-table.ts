import { readFileSync } from 'node:fs';

/** A line of the mount table. */
export interface MountEntry {
  readonly path: string;
  /** `fuse.iommu` */
  readonly type: string;
  /** The minor number of its device: of a FUSE mount the number of its connection. */
  readonly minor: number;
  /** Of this mount, not of its file system: `ro`, `nosuid`, `relatime`. */
  readonly options: readonly string[];
}

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/**
 * The entries of a mount table.
 *
 * @param table - In the form of `/proc/self/mountinfo`.
 * @see Linux Documentation/filesystems/proc.rst section 3.5
 */
export const parseMountTable = (table: string): MountEntry[] =>
  table.split('\n').flatMap((line) => {
    const [head = '', tail] = line.split(' - ');
    const [, , device, , path, options] = head.split(' ');
    const [type] = tail?.split(' ') ?? [];
    if (device === undefined || path === undefined || options === undefined || type === undefined) return [];
    // The table is in bytes, one a character here.
    const name = Buffer.from(unescaped(path), 'latin1').toString();
    return [{ path: name, type, minor: Number(device.split(':')[1]), options: options.split(',') }];
  });

/** What is mounted in this process's mount namespace, in the order of mounting. Asks no filesystem. */
export const mountTable = (): MountEntry[] => parseMountTable(readFileSync('/proc/self/mountinfo', 'latin1'));
