/*
 * What is mounted where inside the namespace, as text for a shell and for `mount --all`: that one process mounts a thousand
 * places in a tenth of a second, one process for each would take two seconds.
 */
import { join } from 'node:path';
import type { MountEntry } from '../fuse/mount-table.js';
import type { Step } from './plan.js';

/** The folder that a view is put together in, a file system of its own that only the namespace sees. */
export const stagePlaces = (stage: string) =>
  ({
    /** The real `/sys`, read-only; whatever is bound from it is read-only too. */
    real: join(stage, 'real'),
    /** What becomes `/sys`. */
    view: join(stage, 'view'),
    /** The modelled tree, from wherever it is; read-only if the view is. */
    modelled: join(stage, 'modelled'),
    /** An empty folder. */
    empty: join(stage, 'empty'),
    table: join(stage, 'table'),
    build: join(stage, 'build'),
    commandLine: join(stage, 'cmdline'),
    udevData: join(stage, 'udev-data'),
  }) as const;

/** As fstab(5) wants paths written. */
const escapePath = (path: string): string =>
  path.replace(/[\\ \t\n]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);

const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Options that a mount keeps for good in a user namespace: a change that leaves one out is refused. @see mount_namespaces(7) */
const KEPT = new Set(['nosuid', 'nodev', 'noexec', 'noatime', 'nodiratime', 'relatime', 'nosymfollow']);

/** It would note in a file of the machine what only the namespace has. @see mount(8) --no-mtab */
const MOUNT = 'mount --no-mtab';

const readOnly = (place: string, mount: MountEntry | undefined): string => {
  const options = ['remount', 'bind', 'ro', ...(mount?.options ?? []).filter((one) => KEPT.has(one))];
  return `${MOUNT} -o ${options.join(',')} ${quote(place)}`;
};

const isBelow = (path: string, top: string): boolean => path.startsWith(top === '/' ? '/' : `${top}/`);

/** The mount that a path is on. */
const mountOf = (mounts: readonly MountEntry[], path: string): MountEntry | undefined =>
  mounts.reduce<MountEntry | undefined>(
    (best, one) =>
      (one.path === path || isBelow(path, one.path)) && one.path.length >= (best?.path.length ?? 0) ? one : best,
    undefined,
  );

const SYS = '/sys';

/** Where in `/sys` other file systems are mounted: without `/sys/`. */
export const mountsInSys = (mounts: readonly MountEntry[]): ReadonlySet<string> =>
  new Set(mounts.filter(({ path }) => isBelow(path, SYS)).map(({ path }) => path.slice(SYS.length + 1)));

/** A place outside `/sys` that shows something else in the view. */
export interface Cover {
  /** Absolute; is there. */
  readonly at: string;
  /** An absolute path of the same kind. */
  readonly by: string;
}

/** What the text is made from. */
export interface Build {
  readonly stage: string;
  /** Where the modelled tree is, an absolute path. */
  readonly modelled: string;
  readonly writable: boolean;
  /** Steps of a view of both trees; absent: the modelled tree alone. */
  readonly steps?: readonly Step[];
  readonly mounts: readonly MountEntry[];
  readonly covers: readonly Cover[];
}

const tableLine = (from: string, to: string, options: string): string =>
  `${escapePath(from)} ${escapePath(to)} none ${options} 0 0`;

/** The table for `mount --all`. A real entry that went away meanwhile is no error. */
export const tableOfMounts = ({ stage, steps, mounts, covers }: Build): string => {
  const places = stagePlaces(stage);
  const inSys = [...mountsInSys(mounts)];
  const lines = (steps ?? []).flatMap((step) => {
    if (step.make !== 'bind') return [];
    const from = join(step.from === 'real' ? places.real : places.modelled, step.at);
    const isTree = step.from === 'real' && inSys.some((one) => one === step.at || isBelow(one, step.at));
    return [
      tableLine(
        from,
        join(places.view, step.at),
        `${isTree ? 'rbind' : 'bind'}${step.from === 'real' ? ',nofail' : ''}`,
      ),
    ];
  });
  return [...lines, ...covers.map(({ at, by }) => tableLine(by, at, 'bind,ro')), ''].join('\n');
};

/** The commands that put the view together and make it `/sys`. They run where an error ends them. */
export const buildCommands = (build: Build): string => {
  const { stage, modelled, writable, steps, mounts } = build;
  const places = stagePlaces(stage);
  const lines: string[] = [];
  if (steps) {
    lines.push(`${MOUNT} --rbind ${SYS} ${quote(places.real)}`, readOnly(places.real, mountOf(mounts, SYS)));
    for (const mount of mounts.filter(({ path }) => isBelow(path, SYS))) {
      const place = join(places.real, mount.path.slice(SYS.length));
      // What cannot be reached cannot be written to either.
      lines.push(`${readOnly(place, mount)} || [ ! -e ${quote(place)} ]`);
    }
  }
  lines.push(`${MOUNT} --rbind ${quote(modelled)} ${quote(places.modelled)}`);
  if (!writable) lines.push(readOnly(places.modelled, mountOf(mounts, modelled)));
  lines.push(`${MOUNT} --all --internal-only --fstab ${quote(places.table)}`);
  const shown = steps ? places.view : places.modelled;
  if (steps) lines.push(`chmod 555 ${quote(shown)}`, readOnly(shown, undefined));
  for (const { path: at, type } of mounts) {
    if (type === 'sysfs' && at !== SYS && !isBelow(at, SYS))
      lines.push(`${MOUNT} --rbind ${quote(shown)} ${quote(at)} || [ ! -e ${quote(at)} ]`);
  }
  lines.push(`${MOUNT} --move ${quote(shown)} ${SYS}`, `umount --no-mtab --lazy ${quote(stage)}`, '');
  return lines.join('\n');
};
