import { writeFileSync } from 'node:fs';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';
import { diffSchema } from './src/diff-schema.js';
import { explainSchema } from './src/explain-schema.js';
import { idsSchema } from './src/ids-schema.js';
import { p2pSchema } from './src/p2p-schema.js';
import { checkSchema, comparisonSchema, groupsSchema } from './src/report-schemas.js';
import { staleSchema } from './src/stale-schema.js';
import { viableSchema } from './src/viable-schema.js';
import { bestSlotSchema, whatIfSchema } from './src/what-if-schemas.js';
import { whyNoneSchema } from './src/why-none-schema.js';

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
        viable: viableSchema,
        'why-none': whyNoneSchema,
        diff: diffSchema,
        ids: idsSchema,
        p2p: p2pSchema,
        stale: staleSchema,
      };
      for (const [name, schema] of Object.entries(schemas))
        writeFileSync(`dist/${name}.schema.json`, `${JSON.stringify(schema, null, 2)}\n`);
    },
  }),
);
