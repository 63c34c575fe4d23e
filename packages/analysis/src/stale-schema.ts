/*
 * JSON Schema (draft 2020-12) of what `iommu stale --json` prints. The package carries it as a file too.
 */
import { device, devices, machineName, strict, text } from './schema-parts.js';

const groups = { type: 'array', items: devices } as const;

/** Of `iommu stale --json`. */
export const staleSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Groups formed at boot against ACS bits as they are now',
  ...strict({
    schema: { const: 1 },
    machine: machineName,
    verdict: { enum: ['current', 'stale', 'unknown'] },
    groups: {
      type: 'array',
      description: 'Groups that the bits of now would not give.',
      items: strict({
        kind: {
          enum: ['lost', 'unused', 'other'],
          description:
            'lost: in groups of their own, and no longer isolated. unused: in one group, and isolated. other: no bits give it.',
        },
        observed: { ...groups, description: 'As the kernel formed them.' },
        now: { ...groups, description: 'As the bits of now would have it; only what was observed in a group.' },
        bits: {
          type: 'array',
          description: 'What was changed since: names of ACS flags, a blank between.',
          items: strict({ device, atBoot: text, now: text }),
        },
      }),
    },
    unknown: { type: 'array', items: text, description: 'What is missing from the input.' },
  }),
} as const;
