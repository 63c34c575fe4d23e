import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

export default defineConfig(
  library({
    platform: 'node',
    entry: ['src/index.ts', 'src/tree.ts', 'src/mount.ts', 'src/serve.ts', 'src/view.ts'],
    splitting: true,
  }),
);
