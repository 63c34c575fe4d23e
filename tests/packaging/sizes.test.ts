import { statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { packAll, published, removePacked } from '../support/packed.js';

/**
 * What a package may weigh, in kB of 1000 bytes: its code minified and gzipped, its dependencies left out, and the tarball
 * that is downloaded. Of the command only what a start loads.
 */
const LIMITS: Readonly<Record<string, { readonly code: number; readonly tarball: number }>> = {
  core: { code: 8, tarball: 70 },
  firmware: { code: 5, tarball: 35 },
  pci: { code: 16, tarball: 100 },
  'driver-amd-vi': { code: 10, tarball: 60 },
  'driver-intel-vtd': { code: 8.5, tarball: 50 },
  'driver-smmu': { code: 10, tarball: 60 },
  machine: { code: 20, tarball: 150 },
  host: { code: 31, tarball: 480 },
  sysfs: { code: 23, tarball: 430 },
  analysis: { code: 37, tarball: 240 },
  'driver-testkit': { code: 20, tarball: 90 },
  export: { code: 12, tarball: 60 },
  'create-iommu-driver': { code: 3, tarball: 20 },
  // Each command is complete in itself, so that it starts quickly.
  cli: { code: 21, tarball: 4500 },
};

let tarballs: ReadonlyMap<string, string>;

beforeAll(() => {
  tarballs = packAll();
  return () => removePacked(tarballs);
}, 240_000);

const bundled = async (name: string): Promise<{ readonly size: number; readonly inputs: Metafile['inputs'] }> => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'packages', name, 'dist', name === 'cli' ? 'main.js' : 'index.js')],
    absWorkingDir: root,
    bundle: true,
    packages: 'external',
    ...(name === 'cli' && { external: ['./lazy-*'] }),
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  return { size: gzipSync(outputFiles[0]!.contents, { level: 9 }).length, inputs: metafile.inputs };
};

describe.each(published)('%s', (name) => {
  test('keeps to its size', async () => {
    const limit = LIMITS[name];
    const { size } = await bundled(name);
    expect([size / 1000, statSync(tarballs.get(name)!).size / 1000], 'code, tarball').toEqual([
      expect.toSatisfy((kB: number) => kB <= limit!.code, `at most ${limit?.code} kB of code`),
      expect.toSatisfy((kB: number) => kB <= limit!.tarball, `at most ${limit?.tarball} kB of tarball`),
    ]);
  });
});

test('the core is one file that imports nothing', async () => {
  const { inputs } = await bundled('core');
  expect(Object.entries(inputs).map(([path, { imports }]) => [path, imports])).toEqual([
    ['packages/core/dist/index.js', []],
  ]);
});
