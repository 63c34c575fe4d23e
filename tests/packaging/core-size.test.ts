import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { root } from '../support/command.js';

test('the core is at most 8 kB minified and gzipped, and brings nothing else', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(root, 'packages/core/dist/index.js')],
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    metafile: true,
  });
  expect(Object.keys(metafile.inputs)).toEqual(['packages/core/dist/index.js']);
  expect(gzipSync(outputFiles[0]!.contents, { level: 9 }).length).toBeLessThanOrEqual(8000);
});
