import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { root } from '../command.js';
import { published } from '../packed.js';
import { run } from './run.js';
import type { Registry } from './start-registry.js';

/** What of the checkout a release works on. */
export const RELEASED: readonly string[] = [
  '.changeset',
  '.pnpmfile.cjs',
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
];
const OMITTED = new Set(['node_modules', '.turbo']);

/** Whether a release works on a file or folder of a package: not on its tests, but on those that it publishes. */
export const isReleased = (path: string): boolean =>
  !OMITTED.has(basename(path)) && !/[\\/]packages[\\/][^\\/]+[\\/]test$/.test(path);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Programs of the workspace come first. */
const tools = { PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter) };

const git = (folder: string, ...args: string[]): Promise<string> =>
  run('git', ['-c', 'user.name=release', '-c', 'user.email=release@example.org', ...args], folder);

/** A checkout of its own, built, in which versions are raised and packages published as the release workflow does. */
export class Release {
  readonly folder: string;

  /** @param folder - Made by {@link copyCheckout}. */
  constructor(folder: string) {
    this.folder = folder;
  }

  manifest(name: string): Manifest {
    return JSON.parse(readFileSync(join(this.folder, 'packages', name, 'package.json'), 'utf8')) as Manifest;
  }

  /** The version of each package, by its folder's name. */
  versions(): Record<string, string> {
    return Object.fromEntries(published.map((name) => [name, this.manifest(name).version]));
  }

  /** Write a changeset. @param bumps - By the package's folder. */
  change(bumps: Readonly<Record<string, 'major' | 'minor' | 'patch'>>, text: string): void {
    const lines = Object.entries(bumps).map(([name, bump]) => `'${this.manifest(name).name}': ${bump}`);
    writeFileSync(join(this.folder, '.changeset/rehearsed.md'), `---\n${lines.join('\n')}\n---\n\n${text}\n`);
  }

  /** Replace a text in the built code of a package; it has to be there just so often. */
  rewrite(name: string, text: string | RegExp, by: string, times = 1): void {
    const path = join(this.folder, 'packages', name, 'dist/index.js');
    const code = readFileSync(path, 'utf8');
    const parts = code.split(text);
    if (parts.length !== times + 1) throw new Error(`${name} has "${String(text)}" ${parts.length - 1} times`);
    writeFileSync(path, parts.join(by));
  }

  /** Publish some packages no more. @param names - Folders. */
  holdBack(names: readonly string[]): void {
    for (const name of names) {
      const path = join(this.folder, 'packages', name, 'package.json');
      writeFileSync(path, JSON.stringify({ ...this.manifest(name), private: true }));
    }
  }

  /** Turn changesets into versions and changelogs. */
  async raiseVersions(): Promise<void> {
    await git(this.folder, 'add', '--all');
    await git(this.folder, 'commit', '--quiet', '--allow-empty', '--message', 'changes');
    await run('changeset', ['version'], this.folder, tools);
  }

  /** Publish every version that the registry does not have. */
  async publish({ env }: Registry): Promise<void> {
    await run('changeset', ['publish', '--no-git-tag'], this.folder, { ...tools, ...env });
  }
}

/** The links by which the packages of a workspace find each other. */
const link = (folder: string, release: Release): void => {
  for (const name of published) {
    const { dependencies, devDependencies } = release.manifest(name);
    const own = Object.keys({ ...dependencies, ...devDependencies }).filter((one) => one.startsWith('@iommu/'));
    if (own.length === 0) continue;
    const scope = join(folder, 'packages', name, 'node_modules/@iommu');
    mkdirSync(scope, { recursive: true });
    for (const one of own)
      symlinkSync(join('../../..', one.slice('@iommu/'.length)), join(scope, one.slice('@iommu/'.length)));
  }
};

/** Copy what a release needs of the checkout, as it is now, into a folder. */
export const copyCheckout = async (folder: string): Promise<Release> => {
  mkdirSync(folder, { recursive: true });
  for (const name of RELEASED) cpSync(join(root, name), join(folder, name), { recursive: true });
  for (const name of readdirSync(join(root, 'packages'))) {
    cpSync(join(root, 'packages', name), join(folder, 'packages', name), {
      recursive: true,
      filter: isReleased,
    });
  }
  const release = new Release(folder);
  link(folder, release);
  writeFileSync(join(folder, '.gitignore'), 'node_modules/\ndist/\n');
  await git(folder, 'init', '--quiet', '--initial-branch=main');
  return release;
};
