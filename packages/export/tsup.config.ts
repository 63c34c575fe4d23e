import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { deviceRecordSchema } from './src/device-record-schema.js';

export default defineConfig(
  library({
    onSuccess: async () =>
      writeFileSync('dist/device-record.schema.json', `${JSON.stringify(deviceRecordSchema, null, 2)}\n`),
  }),
);
