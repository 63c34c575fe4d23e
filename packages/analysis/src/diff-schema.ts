/*
 * JSON Schema (draft 2020-12) of what `iommu diff --json` prints. The package carries it as a file too.
 */
import {
  beforeAndAfter,
  changedGroups,
  count,
  devices,
  diagnostics,
  machineName,
  matched,
  relabelled,
  strict,
  text,
  textOrNull,
} from './schema-parts.js';

const causes = {
  type: 'array',
  items: count,
  description:
    'Places in differences, from 0 on: what makes others of these groups, by itself or only together; empty: unknown.',
} as const;

const there = { ...textOrNull, description: 'null: there is nothing on this side.' } as const;

/** Of `iommu diff --json`. */
export const diffSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'What became of groups from one dump to another',
  ...strict({
    schema: { const: 1 },
    machines: beforeAndAfter(machineName),
    by: { enum: ['path', 'address', 'id'], description: 'How devices were told to be the same.' },
    source: { enum: ['observed', 'computed'], description: 'Groups as the kernels formed them, or as the model does.' },
    certain: {
      type: 'boolean',
      description: 'Nothing that is missing from the dumps could change the groups compared.',
    },
    groups: { ...beforeAndAfter(count), description: 'How many there are.' },
    devices: { ...beforeAndAfter(count), description: 'How many there are.' },
    differences: {
      type: 'array',
      description: 'In which the dumps differ besides groups, as far as they say.',
      items: strict({
        kind: {
          enum: [
            'kernel',
            'command-line',
            'firmware-table',
            'iommu-registers',
            'acs',
            'added',
            'removed',
            'moved',
            'replaced',
            'virtual-functions',
            'drivers',
          ],
        },
        devices: { ...beforeAndAfter(devices), description: 'Those concerned, addresses of that side.' },
        before: there,
        after: there,
        matters: { type: 'boolean', description: 'Some group or type is another by it.' },
      }),
    },
    renumbered: { ...matched, description: 'The same device in the same place, under another address.' },
    moved: { ...matched, description: 'The same device in another place.' },
    replaced: { ...matched, description: 'Another device in the same place.' },
    added: { ...devices, description: 'Addresses after.' },
    removed: { ...devices, description: 'Addresses before.' },
    changed: changedGroups({ causes }),
    ids: { ...relabelled(count, {}), description: 'Groups of the same members with another number.' },
    types: { ...relabelled(text, { causes }), description: 'Groups of the same members with another type.' },
    notes: { ...diagnostics, description: 'What is missing from the dumps.' },
  }),
} as const;
