import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import type { Options } from 'tsup';

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/**
 * A declaration for each source file, and its map: an editor goes from a name to the source, which is published. Of other
 * packages their declarations count, as for whoever installs this one.
 */
const writeDeclarations = async (): Promise<void> => {
  const flags = ['--declaration', '--declarationMap', '--emitDeclarationOnly', '--rootDir', 'src', '--outDir', 'dist'];
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', '.', '--customConditions', 'null', ...flags]);
  } catch (error) {
    throw new Error(`declarations: ${(error as { readonly stdout: string }).stdout}`);
  }
};

/** What is alike wherever code is bundled. */
export const bundle = (overrides: Options): Options => ({
  format: 'esm',
  target: 'es2022',
  sourcemap: true,
  clean: true,
  treeshake: true,
  splitting: false,
  ...overrides,
});

/** One configuration for every library package; a package overrides what differs, and may write more files. */
export const library = ({
  writeMore,
  ...overrides
}: Options & { readonly writeMore?: () => void | Promise<void> } = {}): Options =>
  bundle({
    entry: ['src/index.ts'],
    platform: 'neutral',
    // The sources are beside, in the package.
    esbuildOptions(options) {
      options.sourcesContent = false;
    },
    async onSuccess() {
      await writeDeclarations();
      await writeMore?.();
    },
    ...overrides,
  });
