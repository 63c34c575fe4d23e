import { realpathSync, statfsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { IommuError } from '@iommu/core';

/** Directories of the running system, of which nothing is ever written. */
const SYSTEM = ['/sys', '/proc', '/dev'];

/**
 * File systems that show or steer the running kernel, wherever they are mounted, by their magic number.
 *
 * @see Linux include/uapi/linux/magic.h: sysfs, proc, cgroup, cgroup2, debugfs, tracefs, securityfs, selinuxfs, pstore,
 * efivarfs, configfs (fs/configfs), bpf
 */
const KERNEL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x62656572, 0x9fa0, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xf97cff8c, 0x6165676c, 0xde5e81e4,
  0x62656570, 0xcafe4a11,
]);

/** @param advice - What to do instead; a clause. */
export const badTarget = (target: string, what: string, advice: string, cause?: unknown): IommuError =>
  new IommuError('ERR_SYSFS_TARGET', `${target}: ${what}: ${advice}`, { cause });

/** Where to write: the directory around it, without a link on the way, and the name in it. */
export interface Target {
  /** As the caller named it, for messages. */
  readonly named: string;
  readonly parent: string;
  readonly name: string;
  /** `parent/name` */
  readonly path: string;
}

const realParent = (named: string, path: string): string => {
  const parent = dirname(path);
  let real: string;
  try {
    real = realpathSync(parent);
  } catch (cause) {
    throw badTarget(named, `${parent} cannot be found`, 'make that folder first, or name one that is there', cause);
  }
  if (!statSync(real).isDirectory()) throw badTarget(named, `${parent} is no folder`, 'name a place in a folder');
  return real;
};

/**
 * Find out where a name leads, and refuse the running system's own directories: `/`, `/sys`, `/proc`, `/dev`, what is
 * below them or leads there by links, and wherever else the kernel's own file systems are mounted.
 *
 * @throws IommuError `ERR_SYSFS_TARGET`
 */
export const findTarget = (named: string): Target => {
  const whole = resolve(named);
  const name = basename(whole);
  const elsewhere = 'name a place of your own, such as ./machine';
  if (named === '' || named.includes('\0')) throw badTarget(`'${named}'`, 'is no name of a file', elsewhere);
  if (name === '') throw badTarget(named, 'is the root of this system', elsewhere);
  const parent = realParent(named, whole);
  const path = join(parent, name);
  if (SYSTEM.some((directory) => `${path}/`.startsWith(`${directory}/`))) {
    throw badTarget(named, `${path} belongs to the running system`, elsewhere);
  }
  if (KERNEL_FILE_SYSTEMS.has(statfsSync(parent).type)) {
    throw badTarget(named, `${parent} is a file system of the running kernel`, elsewhere);
  }
  return { named, parent, name, path };
};

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'name a place where you may write',
  EPERM: 'name a place where you may write',
  EROFS: 'name a place where you may write',
  ENOSPC: 'make room, or name another place',
  EDQUOT: 'make room, or name another place',
  ENAMETOOLONG: 'a path is longer than the system takes: name a place with a shorter one, or write a tar',
  EBUSY: 'something is mounted there: name a folder in it',
};

/** Run what writes; what the system refuses becomes an error that says what to do. @throws IommuError `ERR_SYSFS_TARGET` */
export const writing = <T>({ named }: Target, write: () => T): T => {
  try {
    return write();
  } catch (cause) {
    throw asTargetError(named, cause);
  }
};

/** As {@link writing} for an error at hand; one that is not of the system stays as it is. */
export const asTargetError = (named: string, cause: unknown): unknown => {
  const { code, syscall, message } = cause as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return cause;
  return badTarget(named, `cannot be written (${message})`, ADVICE[code] ?? 'name another place', cause);
};
