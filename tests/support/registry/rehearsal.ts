import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { IommuDriver } from '@iommu/core';
import { root } from '../command.js';
import { createAsAuthor, isOfAuthor, Project, publishAsAuthor } from './project.js';
import { copyCheckout, isReleased, RELEASED } from './release.js';
import { startRegistry } from './start-registry.js';

/** Outside of the checkout, so that nothing of it is found from there; one for each checkout. */
const cache = join(
  tmpdir(),
  `iommu-rehearsal-${userInfo().uid}-${createHash('sha256').update(root).digest('hex').slice(0, 8)}`,
);

/** What npm downloaded for rehearsals. */
export const downloads: string = join(cache, 'npm');

/** Packages of others, which know of this project only what is published. */
const THIRD_PARTY = 'iommu-driver-virtio';
/** A driver that `npm create iommu-driver` writes a package for. */
export const NEW_DRIVER = 'acme';
const thirdParty = join(root, 'examples', THIRD_PARTY);

/** A release of the checkout as it is, all of it in one folder. */
export interface Rehearsal {
  readonly folder: string;
  /** The folder of the registry: everything at its first version, and a driver of others. */
  readonly registry: string;
  /** The checkout in which versions were raised. */
  readonly release: string;
  /** The package of another author, with what it was built with. */
  readonly author: string;
  /** Where a package for a new driver was created, which has installed what it needs. */
  readonly created: string;
  /** A project that has the machine, drivers, one of others among them, and the tree. */
  readonly project: string;
}

const partsOf = (folder: string): Rehearsal => ({
  folder,
  registry: join(folder, 'registry'),
  release: join(folder, 'release'),
  author: join(folder, THIRD_PARTY),
  created: join(folder, 'created'),
  project: join(folder, 'project'),
});

/** The files at a path, those left out whose name, or a folder's above them, is not wanted. */
const filesAt = (path: string, wants: (path: string) => boolean): string[] => {
  if (!wants(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesAt(join(path, name), wants));
};

/** What a rehearsal comes from, so that one is enough until something changes. */
const stateOfCheckout = (): string => {
  const ours = [...RELEASED, 'packages', 'tests/support/registry'].map((name) => join(root, name));
  const files = [...ours.flatMap((path) => filesAt(path, isReleased)), ...filesAt(thirdParty, isOfAuthor)];
  const hash = createHash('sha256');
  for (const file of files.sort()) hash.update(file).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex').slice(0, 16);
};

const rehearse = async (parts: Rehearsal): Promise<void> => {
  const { registry: packages, release: checkout, author, created, project: user } = parts;
  // What `npm create` installed for another rehearsal is of the same version, and it would run that again.
  rmSync(join(downloads, '_npx'), { recursive: true, force: true });
  const registry = await startRegistry(packages, downloads);
  try {
    const release = await copyCheckout(checkout);
    await release.raiseVersions();
    await release.publish(registry);
    await Promise.all([publishAsAuthor(thirdParty, author, registry), createAsAuthor(NEW_DRIVER, created, registry)]);
    const ours = ['core', 'machine', 'driver-intel-vtd', 'sysfs'].map((name) => `@iommu/${name}`);
    await Project.in(user).install(registry, ...ours, THIRD_PARTY);
  } finally {
    await registry.stop();
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Whether it is this process that does the work; another may be at it, or have died over it. */
const takes = (lock: string): boolean => {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    const pid = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
    if (pid > 0 && !isAlive(pid)) rmSync(lock, { force: true });
    return false;
  }
};

/** Release the checkout as it is to a registry of its own, once for all that need it, until something changes. */
export const rehearsal = async (): Promise<Rehearsal> => {
  const state = stateOfCheckout();
  const parts = partsOf(join(cache, state));
  const done = join(parts.folder, 'done');
  const lock = join(cache, 'lock');
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  if (statSync(cache).uid !== userInfo().uid) throw new Error(`${cache} is somebody else's`);
  while (!existsSync(done)) {
    if (!takes(lock)) {
      await sleep(200);
      continue;
    }
    try {
      if (existsSync(done)) break;
      for (const name of readdirSync(cache)) {
        if (/^[0-9a-f]{16}$/.test(name)) rmSync(join(cache, name), { recursive: true, force: true });
      }
      await rehearse(parts);
      writeFileSync(done, '');
    } finally {
      rmSync(lock, { force: true });
    }
  }
  return parts;
};

/** The folder of a package of another author, as it was installed from the registry. */
export const installedFolder = async (name: string): Promise<string> =>
  join((await rehearsal()).project, 'node_modules', name);

/** What a package exports that was installed so. @typeParam T - As its own types, which nothing here can see, have it. */
export const installedModule = async <T>(name: string): Promise<T> => {
  const installed = await installedFolder(name);
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    readonly exports: { readonly '.': { readonly import: string } };
  };
  return (await import(pathToFileURL(join(installed, exports['.'].import)).href)) as T;
};

/** The driver of another author, as it was installed from the registry. */
export const installedDriver = async (name: string): Promise<() => IommuDriver> =>
  (await installedModule<{ readonly default: () => IommuDriver }>(name)).default;
