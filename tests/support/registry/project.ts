import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './run.js';
import type { Registry } from './start-registry.js';

/** A folder of a user, which holds what was installed into it and nothing of the checkout. */
export class Project {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Make an empty one. */
  static in(folder: string): Project {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }));
    return new Project(folder);
  }

  /** One that was made before. */
  static at(folder: string): Project {
    return new Project(folder);
  }

  async install(registry: Registry, ...packages: readonly string[]): Promise<void> {
    await run('npm', ['install', '--ignore-scripts', ...packages], this.folder, registry.env);
  }

  /** The versions of what is installed, by the path of its folder below `node_modules`. */
  installed(): Record<string, string> {
    const lock = JSON.parse(readFileSync(join(this.folder, 'node_modules/.package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly version?: string; readonly link?: boolean }>>;
    };
    return Object.fromEntries(
      Object.entries(lock.packages).map(([path, { version, link }]) => [
        path.replace(/^node_modules\//, ''),
        link ? 'a link' : (version ?? ''),
      ]),
    );
  }

  /** Run a program of the user's. @returns What it prints. */
  async run(code: string, name = 'program.mjs'): Promise<string> {
    writeFileSync(join(this.folder, name), code);
    return await run(process.execPath, [name], this.folder);
  }
}

/** Do what the author of a new driver begins with. @param folder - Made; what is written comes into it. */
export const createAsAuthor = async (driver: string, folder: string, registry: Registry): Promise<void> => {
  mkdirSync(folder, { recursive: true });
  await run('npm', ['create', '--yes', 'iommu-driver', driver], folder, registry.env);
  await Project.at(join(folder, `iommu-driver-${driver}`)).install(registry);
};

/** Whether a file or folder of a package is its author's, not what tools made. */
export const isOfAuthor = (path: string): boolean => !['node_modules', 'dist'].includes(basename(path));

/**
 * Do what the author of a package does, with what the registry holds and its own lockfile: install, build, test, publish.
 *
 * @param source - The package; it is copied.
 * @param folder - Where to.
 */
export const publishAsAuthor = async (source: string, folder: string, registry: Registry): Promise<void> => {
  cpSync(source, folder, { recursive: true, filter: isOfAuthor });
  await run('npm', ['ci', '--ignore-scripts'], folder, registry.env);
  for (const script of ['build', 'test']) await run('npm', ['run', script], folder, registry.env);
  await run('npm', ['publish', '--access', 'public'], folder, registry.env);
};
