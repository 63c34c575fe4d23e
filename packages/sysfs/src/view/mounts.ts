/** A mounted file system. */
export interface Mount {
  /** Where, as an absolute path. */
  readonly at: string;
  /** `sysfs`, `tmpfs`, `fuse.NAME` */
  readonly type: string;
  /** Of this mount, in place of those of its file system: `ro`, `nosuid`, `relatime`. */
  readonly options: readonly string[];
}

/** Blanks and backslashes are written as octal numbers of three digits. */
const plainPath = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** As fstab wants paths written. @see fstab(5) */
export const escapePath = (path: string): string =>
  path.replace(/[\\ \t\n]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);

/**
 * Read what the kernel says of mounts.
 *
 * @param text - Of `/proc/self/mountinfo`.
 * @returns In the order in which they were mounted. Of several at one place, the last is seen.
 * @see proc_pid_mountinfo(5)
 */
export const parseMounts = (text: string): readonly Mount[] =>
  text.split('\n').flatMap((line) => {
    const words = line.split(' ');
    const dash = words.indexOf('-', 6);
    const [at, options, type] = [words[4], words[5], words[dash + 1]];
    if (dash < 0 || at === undefined || options === undefined || type === undefined) return [];
    return [{ at: plainPath(at), type, options: options.split(',') }];
  });
