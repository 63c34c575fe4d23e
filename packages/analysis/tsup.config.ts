import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { checkSchema, comparisonSchema, groupsSchema } from './src/report-schemas.js';

export default defineConfig(
  library({
    onSuccess: async () => {
      const schemas = { groups: groupsSchema, check: checkSchema, comparison: comparisonSchema };
      for (const [name, schema] of Object.entries(schemas))
        writeFileSync(`dist/${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
    },
  }),
);
