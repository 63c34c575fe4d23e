import type { Machine } from '@iommu/machine';
import type { SysfsDirectory, SysfsFile, SysfsNode, SysfsTree } from '../node.js';
import { DESCRIPTION, rootFiles } from '../sinks/root-files.js';

/** A directory that stays as it is made. */
class FixedDirectory implements SysfsDirectory {
  readonly kind = 'directory';
  readonly mode = 0o755;
  readonly #entries = new Map<string, SysfsNode>();

  names(): Iterable<string> {
    return this.#entries.keys();
  }

  child(name: string): SysfsNode | undefined {
    return this.#entries.get(name);
  }

  put(path: string, node: SysfsNode): void {
    const [name = '', ...rest] = path.split('/');
    if (rest.length === 0) {
      this.#entries.set(name, node);
      return;
    }
    const known = this.#entries.get(name);
    const directory = known instanceof FixedDirectory ? known : new FixedDirectory();
    this.#entries.set(name, directory);
    directory.put(rest.join('/'), node);
  }
}

/** Its size is not known before it is read, as that of files in `/proc`. */
const fileOf = (read: () => Uint8Array): SysfsFile => ({ kind: 'file', mode: 0o444, size: 0, read });

/**
 * A root directory with the tree as its `sys`, and beside it what a rendered folder has there too.
 *
 * @param kernel - As it was booted.
 * @param describe - The machine as it is when it is asked for: what `machine.json` shows.
 */
export const rootTree = (sys: SysfsTree, kernel: Machine['kernel'], describe: () => Machine): SysfsTree => {
  const root = new FixedDirectory();
  root.put('sys', sys.root);
  for (const { path, bytes } of rootFiles({ schema: 1, ...(kernel && { kernel }) }))
    root.put(
      path,
      fileOf(() => bytes),
    );
  const description = () => rootFiles(describe()).find(({ path }) => path === DESCRIPTION)?.bytes;
  root.put(
    DESCRIPTION,
    fileOf(() => description() ?? new Uint8Array(0)),
  );
  return {
    root,
    on: (listener) => sys.on(({ type, path }) => listener({ type, path: `sys/${path}` })),
  };
};
