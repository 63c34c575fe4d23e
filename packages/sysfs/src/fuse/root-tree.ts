import type { Machine } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import type { SysfsDirectory, SysfsFile, SysfsNode, SysfsTree } from '../node.js';

const encoder = new TextEncoder();

/** Its size is not known before it is read, as that of files in `/proc`. */
const textFile = (text: () => string): SysfsFile => ({
  kind: 'file',
  mode: 0o444,
  size: 0,
  read: () => encoder.encode(`${text()}\n`),
});

const directory = (entries: Readonly<Record<string, SysfsNode | undefined>>): SysfsDirectory => {
  const known = new Map(
    Object.entries(entries).filter((entry): entry is [string, SysfsNode] => entry[1] !== undefined),
  );
  return { kind: 'directory', mode: 0o755, names: () => known.keys(), child: (name) => known.get(name) };
};

/** What stands beside `sys` in a mount. */
export interface Beside {
  /** As the machine was booted. */
  readonly kernel: Machine['kernel'];
  /** The machine as it is when it is asked for. */
  readonly describe: () => Machine;
}

/**
 * A root directory with the tree as its `sys`: beside it the kernel's release, architecture and command line where a live
 * system has them, and `machine.json`, the machine as it is. The same as a rendered folder holds.
 */
export const rootTree = (sys: SysfsTree, { kernel = {}, describe }: Beside): SysfsTree => {
  const { release, arch, commandLine } = kernel;
  const file = (text: string | undefined) => (text === undefined ? undefined : textFile(() => text));
  const proc = directory({
    cmdline: file(commandLine),
    sys: directory({ kernel: directory({ arch: file(arch), osrelease: file(release) }) }),
  });
  const description = textFile(() => {
    // Its first words are the mark of a description of ours.
    const { schema, ...machine } = machineToJson(describe());
    return JSON.stringify({ schema, ...machine }, null, 2);
  });
  return {
    root: directory({ sys: sys.root, proc, 'machine.json': description }),
    on: (listener) => sys.on(({ type, path }) => listener({ type, path: `sys/${path}` })),
  };
};
