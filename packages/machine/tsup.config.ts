import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { machineSchema } from './src/machine-schema.js';

export default defineConfig(
  library({
    entry: ['src/index.ts', 'src/json.ts', 'src/build.ts', 'src/load-drivers.ts'],
    splitting: true,
    writeMore: async () => {
      writeFileSync('dist/machine.schema.json', `${JSON.stringify(machineSchema, null, 2)}\n`);
    },
  }),
);
