import type { Options } from 'tsup';

/** One configuration for every library package; a package overrides what differs. */
export const library = (overrides: Options = {}): Options => ({
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  dts: true,
  sourcemap: true,
  clean: true,
  treeshake: true,
  splitting: false,
  ...overrides,
});
