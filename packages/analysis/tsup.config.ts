import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { explainSchema } from './src/explain-schema.js';
import { checkSchema, comparisonSchema, groupsSchema } from './src/report-schemas.js';
import { bestSlotSchema, whatIfSchema } from './src/what-if-schemas.js';

export default defineConfig(
  library({
    writeMore: async () => {
      const schemas = {
        groups: groupsSchema,
        check: checkSchema,
        comparison: comparisonSchema,
        'what-if': whatIfSchema,
        'best-slot': bestSlotSchema,
        explain: explainSchema,
      };
      for (const [name, schema] of Object.entries(schemas))
        writeFileSync(`dist/${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
    },
  }),
);
