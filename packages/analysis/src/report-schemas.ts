/*
 * JSON Schemas (draft 2020-12) of what the command prints with --json. The package carries each as a file too.
 */
import { arch, count, device, devices, kernelRelease, machineName, stableCode, text } from './schema-parts.js';

const agreement = { enum: ['equal', 'differs', 'unknown'] } as const;

/** Of `iommu groups --json`. */
export const groupsSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Groups of a machine',
  type: 'object',
  required: ['schema', 'machine', 'assumed', 'groups', 'ungrouped', 'diagnostics'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    machine: {
      type: 'object',
      required: ['name', 'kernel', 'arch'],
      additionalProperties: false,
      properties: { name: machineName, kernel: kernelRelease, arch },
    },
    assumed: {
      type: 'boolean',
      description: 'The firmware was supposed: the partition stands, ids, types and regions are a guess.',
    },
    groups: {
      type: 'array',
      description: 'By id.',
      items: {
        type: 'object',
        required: ['id', 'name', 'type', 'devices', 'reservedRegions'],
        additionalProperties: false,
        properties: {
          id: {
            type: ['integer', 'null'],
            minimum: 0,
            description: 'null: it depends on what the input does not hold.',
          },
          name: { type: ['string', 'null'], description: 'Content of the name file; null: there is none.' },
          type: { enum: ['DMA-FQ', 'DMA', 'identity', 'blocked', 'unmanaged', 'unknown'] },
          devices: { ...devices, description: 'In the order in which they joined.' },
          reservedRegions: {
            type: 'array',
            items: {
              type: 'string',
              pattern: '^0x[0-9a-f]{16} 0x[0-9a-f]{16} (direct|direct-relaxable|reserved|msi)$',
            },
            description: 'Start, inclusive end, kind.',
          },
        },
      },
    },
    ungrouped: {
      type: 'array',
      items: {
        type: 'object',
        required: ['device', 'reason'],
        additionalProperties: false,
        properties: { device, reason: text },
      },
    },
    diagnostics: {
      type: 'array',
      items: {
        type: 'object',
        required: ['severity', 'code', 'message'],
        additionalProperties: false,
        properties: {
          severity: { enum: ['info', 'warning', 'firmware-bug', 'assumed'] },
          code: stableCode,
          message: text,
        },
      },
    },
  },
} as const;

/** Of `iommu check --json`. */
export const checkSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Computed groups against observed ones',
  type: 'object',
  required: ['schema', 'partition', 'ids', 'devices', 'differing', 'missing'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    partition: {
      ...agreement,
      description:
        'Which devices share a group. unknown: facts are missing, and what was observed is among what they allow.',
    },
    ids: {
      ...agreement,
      description: 'Their numbers; unknown: one does not follow from the input, or rests on something supposed.',
    },
    devices: { type: 'integer', minimum: 0, description: 'How many were compared.' },
    differing: {
      type: 'array',
      items: {
        type: 'object',
        required: ['device', 'observed', 'computed', 'reason'],
        additionalProperties: false,
        properties: {
          device,
          observed: { anyOf: [devices, { type: 'null' }], description: 'Members of its group; null: it had none.' },
          computed: { anyOf: [devices, { type: 'null' }], description: 'The same of its computed group.' },
          reason: { ...text, description: 'Why it was computed so.' },
        },
      },
    },
    missing: { ...devices, description: 'Observed in a group, but not described.' },
  },
} as const;

const groups = { type: 'array', items: devices } as const;

/** Of a line of `iommu groups --against`. */
export const comparisonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: "What another set of rules makes of a machine's groups",
  type: 'object',
  required: ['schema', 'input'],
  properties: {
    schema: { const: 1 },
    input: { ...text, description: 'Path of the dump, or number of the line, from 1 on.' },
    error: {
      type: 'object',
      description: 'The machine could not be read or booted; nothing else is said of it.',
      required: ['code', 'message'],
      additionalProperties: false,
      properties: { code: text, message: text },
    },
    machine: machineName,
    groups: {
      type: 'object',
      description: 'How many there are under either set of rules.',
      required: ['before', 'after'],
      additionalProperties: false,
      properties: { before: count, after: count },
    },
    devices: { ...count, description: 'How many there are, with a group or without.' },
    certain: {
      type: 'boolean',
      description: 'Nothing that is missing from the description could change the groups of either side.',
    },
    changes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['change', 'before', 'after', 'reasons'],
        additionalProperties: false,
        properties: {
          change: { enum: ['split', 'merged', 'grown', 'shrunk', 'regrouped', 'lost', 'gained'] },
          before: { ...groups, description: 'Groups that became others; members sorted.' },
          after: groups,
          reasons: {
            type: 'array',
            description: 'Why each device concerned is where it is now.',
            items: {
              type: 'object',
              required: ['device', 'reason'],
              additionalProperties: false,
              properties: { device, reason: text },
            },
          },
        },
      },
    },
  },
  additionalProperties: false,
  oneOf: [{ required: ['error'] }, { required: ['machine', 'groups', 'devices', 'certain', 'changes'] }],
} as const;
