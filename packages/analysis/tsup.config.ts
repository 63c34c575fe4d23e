import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { checkSchema, groupsSchema } from './src/report-schemas.js';

export default defineConfig(
  library({
    onSuccess: async () => {
      writeFileSync('dist/groups.schema.json', `${JSON.stringify(groupsSchema, null, 2)}\n`);
      writeFileSync('dist/check.schema.json', `${JSON.stringify(checkSchema, null, 2)}\n`);
    },
  }),
);
