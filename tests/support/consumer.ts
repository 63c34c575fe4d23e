import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Consumed } from '../packaging/consumer/program.js';
import { root } from './command.js';
import { installPacked } from './packed.js';
import { portablePackages } from './portable.js';
import { run } from './registry/run.js';

/** Names that a browser does not have, and what stands in their place where they are looked for. */
const OF_NODE = Object.fromEntries(
  ['Buffer', 'process', 'require', 'global', 'setImmediate', '__dirname', '__filename'].map((name) => [
    name,
    `only_node_has_${name}`,
  ]),
);

/** What is alike however the program is bundled: nothing but what the folder holds counts. */
const common = (folder: string, code: string) => ({
  stdin: { contents: code, resolveDir: folder, sourcefile: 'bundled.ts', loader: 'ts' as const },
  absWorkingDir: folder,
  tsconfigRaw: {},
  bundle: true,
  logLevel: 'silent' as const,
  metafile: true as const,
  write: false as const,
});

/** One file for browsers. */
export interface Bundle {
  /** A classic script; what its module exports is the global `bundled`. */
  readonly text: string;
  /** Of what it was made. */
  readonly inputs: readonly string[];
}

export interface BundleOptions {
  /** What runs before. */
  readonly banner?: string;
  readonly plugins?: Plugin[];
  readonly define?: Readonly<Record<string, string>>;
}

/**
 * Bundle a module for browsers.
 *
 * @param folder - Where its imports are looked for.
 * @throws Error where something of Node is imported.
 */
export const bundleForBrowser = async (
  folder: string,
  code: string,
  { banner = '', plugins = [], define = {} }: BundleOptions = {},
): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    ...common(folder, code),
    platform: 'browser',
    format: 'iife',
    globalName: 'bundled',
    banner: { js: banner },
    plugins,
    define: { ...define },
  });
  return { text: outputFiles[0]!.text, inputs: Object.keys(metafile.inputs) };
};

/** Where a module, or what it imports, uses what only Node has without having asked whether it is there: these lines. */
export const namesOfNode = async (folder: string, code: string): Promise<string[]> => {
  const { text } = await bundleForBrowser(folder, code, { define: OF_NODE });
  return text.split('\n').filter((line) => /only_node_has_/.test(line) && !/typeof only_node_has_/.test(line));
};

/**
 * The program of `tests/packaging/consumer`, in a folder of its own with the packages that it needs as they are published,
 * and nothing of the checkout.
 */
export class Consumer {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static install(): Consumer {
    const folder = installPacked(portablePackages);
    cpSync(join(root, 'tests/packaging/consumer'), join(folder, 'consumer'), { recursive: true });
    return new Consumer(folder);
  }

  /** As one file for browsers, which exports `consume`. */
  async bundled(options: BundleOptions = {}): Promise<Bundle> {
    return await bundleForBrowser(this.folder, `export { consume } from './consumer/program.js';`, options);
  }

  /** What it answers under a Node, which loads the packages as they are. */
  async underNode(machines: readonly string[], node: string = process.execPath): Promise<Consumed> {
    const code = `
      import { readFileSync } from 'node:fs';
      import { consume } from './consumer/program.js';
      process.stdout.write(JSON.stringify(consume(JSON.parse(readFileSync('machines.json', 'utf8')))));`;
    const { outputFiles } = await build({
      ...common(this.folder, code),
      platform: 'node',
      format: 'esm',
      packages: 'external',
    });
    writeFileSync(join(this.folder, 'program.mjs'), outputFiles[0]!.text);
    writeFileSync(join(this.folder, 'machines.json'), JSON.stringify(machines));
    return JSON.parse(await run(node, ['program.mjs'], this.folder)) as Consumed;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
