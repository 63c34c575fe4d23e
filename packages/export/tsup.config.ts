import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { ansibleFactSchema } from './src/ansible-fact-schema.js';
import { deviceRecordSchema } from './src/device-record-schema.js';

export default defineConfig(
  library({
    writeMore: () => {
      const schemas = { 'device-record': deviceRecordSchema, 'ansible-fact': ansibleFactSchema };
      for (const [name, schema] of Object.entries(schemas))
        writeFileSync(`dist/${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
    },
  }),
);
