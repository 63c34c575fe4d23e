/*
 * JSON Schemas (draft 2020-12) of what `iommu what-if --json` prints. The package carries each as a file too.
 */
const text = { type: 'string' } as const;
const device = { type: 'string', description: 'A PCI address with its domain, or a name from sysfs.' } as const;
const devices = { type: 'array', items: device } as const;
const count = { type: 'integer', minimum: 0 } as const;
const id = {
  type: ['integer', 'null'],
  minimum: 0,
  description: 'null: it depends on what the input does not hold.',
} as const;
const machine = { type: ['string', 'null'] } as const;
const beforeAndAfter = {
  type: 'object',
  required: ['before', 'after'],
  additionalProperties: false,
  properties: { before: count, after: count },
} as const;
const group = {
  type: 'object',
  required: ['id', 'devices'],
  additionalProperties: false,
  properties: { id, devices: { ...devices, description: 'Addresses of that side.' } },
} as const;

const relabelled = <T extends object>(value: T) => ({
  type: 'array',
  items: {
    type: 'object',
    required: ['before', 'after', 'devices'],
    additionalProperties: false,
    properties: {
      before: value,
      after: value,
      devices: { ...devices, description: 'Members, which are the same; addresses after the change.' },
    },
  },
});

const diagnostics = {
  type: 'array',
  items: {
    type: 'object',
    required: ['severity', 'code', 'message'],
    additionalProperties: false,
    properties: { severity: { enum: ['info', 'warning', 'firmware-bug', 'assumed'] }, code: text, message: text },
  },
} as const;

/** Of `iommu what-if --json`. */
export const whatIfSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: "What changes make of a machine's groups",
  type: 'object',
  required: [
    'schema',
    'machine',
    'changes',
    'groups',
    'devices',
    'certain',
    'moved',
    'added',
    'removed',
    'changed',
    'ids',
    'types',
    'notes',
  ],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    machine,
    changes: { type: 'array', items: text, description: 'In the words of the command.' },
    groups: { ...beforeAndAfter, description: 'How many there are.' },
    devices: { ...beforeAndAfter, description: 'How many there are.' },
    certain: {
      type: 'boolean',
      description: 'Nothing that is missing from the description could change the groups of either side.',
    },
    moved: {
      type: 'array',
      description: 'Devices that have another address.',
      items: {
        type: 'object',
        required: ['before', 'after'],
        additionalProperties: false,
        properties: { before: device, after: device },
      },
    },
    added: devices,
    removed: devices,
    changed: {
      type: 'array',
      description: 'Groups that are others, as far as they hang together.',
      items: {
        type: 'object',
        required: ['change', 'before', 'after', 'reasons'],
        additionalProperties: false,
        properties: {
          change: { enum: ['split', 'merged', 'grown', 'shrunk', 'regrouped', 'lost', 'gained'] },
          before: { type: 'array', items: group },
          after: { type: 'array', items: group },
          reasons: {
            type: 'array',
            description: 'Why each device concerned is where it is then.',
            items: {
              type: 'object',
              required: ['device', 'was', 'reason'],
              additionalProperties: false,
              properties: {
                device,
                was: { ...machine, description: 'Its address before; null: it was put in.' },
                reason: text,
              },
            },
          },
        },
      },
    },
    ids: { ...relabelled(count), description: 'Groups of the same members with another number.' },
    types: { ...relabelled(text), description: 'Groups of the same members with another type.' },
    notes: { ...diagnostics, description: 'What the changes could only suppose.' },
  },
} as const;

/** Of `iommu what-if --best-slot --json`. */
export const bestSlotSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Every place of a machine for a card, the best first',
  type: 'object',
  required: ['schema', 'machine', 'device', 'slots'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    machine,
    device,
    slots: {
      type: 'array',
      items: {
        type: 'object',
        required: ['port', 'change', 'functions', 'ungrouped', 'companions', 'bridges', 'renumbered', 'reason'],
        additionalProperties: false,
        properties: {
          port: { ...device, description: 'The bridge behind which the card is then, as it is addressed now.' },
          change: { type: ['string', 'null'], description: 'What puts it there; null: it is there.' },
          functions: { ...devices, description: 'Addresses of the card there.' },
          ungrouped: { ...devices, description: 'Functions of the card that have no group there.' },
          companions: { ...devices, description: 'What else is in its groups and is no bridge.' },
          bridges: { ...devices, description: 'Bridges in its groups: they need not be bound.' },
          renumbered: { ...count, description: 'Devices elsewhere that get other addresses.' },
          reason: text,
        },
      },
    },
  },
} as const;
