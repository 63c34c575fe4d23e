/*
 * JSON Schemas (draft 2020-12) of what `iommu what-if --json` prints. The package carries each as a file too.
 */
import {
  beforeAndAfter,
  changedGroups,
  count,
  device,
  devices,
  diagnostics,
  machineName,
  matched,
  relabelled,
  strict,
  text,
} from './schema-parts.js';

/** Of `iommu what-if --json`. */
export const whatIfSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: "What changes make of a machine's groups",
  ...strict({
    schema: { const: 1 },
    machine: machineName,
    changes: { type: 'array', items: text, description: 'In the words of the command.' },
    groups: { ...beforeAndAfter(count), description: 'How many there are.' },
    devices: { ...beforeAndAfter(count), description: 'How many there are, with a group or without.' },
    certain: {
      type: 'boolean',
      description: 'Nothing that is missing from the description could change the groups of either side.',
    },
    moved: { ...matched, description: 'Devices that have another address.' },
    added: { ...devices, description: 'Addresses after.' },
    removed: { ...devices, description: 'Addresses before.' },
    changed: changedGroups({}),
    ids: { ...relabelled(count, {}), description: 'Groups of the same members with another number.' },
    types: { ...relabelled(text, {}), description: 'Groups of the same members with another type.' },
    notes: {
      ...diagnostics,
      description: 'What the changes could only suppose, what is odd only after them, and facts that are missing.',
    },
  }),
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
    machine: machineName,
    device,
    slots: {
      type: 'array',
      description: 'The best first.',
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
