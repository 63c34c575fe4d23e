import { refused } from '@iommu/core';
import type { Caller, SysfsFile } from '../node.js';
import type { Directory } from './directory.js';
import type { Sys } from './sys.js';

/** One file of a kind of directory, as a row of a table. `S` is whatever the directory shows: a device, a group. */
export interface Attribute<S> {
  readonly name: string;
  /** Permission bits. */
  readonly mode: number;
  /** What it holds, for people; numbers as in C. */
  readonly format: string;
  /** The kernel rule that says `none` for releases without it. */
  readonly rule?: string;
  /** Default: there is something to read, or nothing ever can be. */
  has?(subject: S, sys: Sys): boolean;
  /**
   * The whole content: text with its newlines, or bytes. `undefined`: it is not known, so there is no file. Absent: the
   * file is only written.
   */
  read?(subject: S, sys: Sys, caller: Caller): string | Uint8Array | undefined;
  /** @param text - As written, up to the first zero byte. @throws IommuError `ERR_REFUSED` */
  write?(subject: S, text: string, sys: Sys, caller: Caller): void;
  /** In bytes; default: a page, as of all text. */
  size?(subject: S, sys: Sys): number;
}

/** Size of a text attribute, and the most that one write takes, in bytes. */
const PAGE = 4096;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A value with its newline; a value that is not known makes no file. */
export const line = (value: string | number | undefined): string | undefined =>
  value === undefined ? undefined : `${value}\n`;

/** A file that the kernel lets root write and the model does not follow: refused, as under lockdown. */
export const notModelled = (): never => {
  throw refused('EPERM', 'writes to this file are not modelled');
};

export const hasAttribute = <S>(row: Attribute<S>, subject: S, sys: Sys, caller: Caller): boolean =>
  row.has ? row.has(subject, sys) : !row.read || row.read(subject, sys, caller) !== undefined;

/** Text is cut to what a page holds. @see Linux v7.0 fs/sysfs/file.c sysfs_emit() */
const textBytes = (text: string): Uint8Array => {
  const bytes = encoder.encode(text);
  return bytes.length < PAGE ? bytes : bytes.subarray(0, PAGE - 1);
};

/** A file that can only be read. */
export class AttributeFile<S> implements SysfsFile {
  readonly kind = 'file';
  protected readonly directory: Directory<S>;
  protected readonly row: Attribute<S>;
  protected readonly sys: Sys;

  constructor(directory: Directory<S>, row: Attribute<S>, sys: Sys) {
    this.directory = directory;
    this.row = row;
    this.sys = sys;
  }

  get mode(): number {
    return this.row.mode;
  }

  get size(): number {
    return this.row.size?.(this.directory.subject, this.sys) ?? PAGE;
  }

  protected live(): S {
    const { directory, row } = this;
    if (directory.isThere) return directory.subject;
    throw refused('ENODEV', `${directory.path}/${row.name} is gone`);
  }

  read(caller: Caller): Uint8Array {
    const subject = this.live();
    const { row, directory } = this;
    if (!row.read) throw refused('EIO', `${directory.path}/${row.name} is only written`);
    const content = row.read(subject, this.sys, caller);
    if (content === undefined) throw refused('ENODEV', `${directory.path}/${row.name} is gone`);
    return typeof content === 'string' ? textBytes(content) : content;
  }
}

/** A file that can be written. */
export class WritableFile<S> extends AttributeFile<S> {
  write(bytes: Uint8Array, caller: Caller): number {
    const subject = this.live();
    const taken = bytes.subarray(0, PAGE);
    const end = taken.indexOf(0);
    this.row.write?.(subject, decoder.decode(end < 0 ? taken : taken.subarray(0, end)), this.sys, caller);
    return taken.length;
  }
}
