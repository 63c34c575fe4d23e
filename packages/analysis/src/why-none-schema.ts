/*
 * JSON Schema (draft 2020-12) of what `iommu why-none --json` prints. The package carries it as a file too.
 */
import { arch, count, device, kernelRelease, machineName, stableCode, text, textOrNull } from './schema-parts.js';

const texts = { type: 'array', items: text } as const;

/** Of `iommu why-none --json`. */
export const whyNoneSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Why a machine or a device has no group',
  type: 'object',
  required: ['schema', 'machine', 'device', 'verdict', 'groups', 'causes', 'doubts', 'findings'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    machine: {
      type: 'object',
      required: ['name', 'kernel', 'arch'],
      additionalProperties: false,
      properties: { name: machineName, kernel: kernelRelease, arch },
    },
    device: { ...textOrNull, description: 'null: the whole machine was asked about.' },
    verdict: {
      enum: ['grouped', 'none', 'unknown'],
      description:
        'grouped: it has a group, or the machine has some; unknown: the input does not hold what would decide.',
    },
    groups: { ...count, description: 'How many the whole machine has.' },
    causes: {
      type: 'array',
      description: 'Of those asked about that have none, the most devices first.',
      items: {
        type: 'object',
        required: ['rule', 'text', 'source', 'devices', 'remedy'],
        additionalProperties: false,
        properties: {
          rule: stableCode,
          text: { ...text, description: 'The reason as recorded; of several devices that of the first.' },
          source: { ...text, description: 'The kernel function, or the document, that it rests on.' },
          devices: { type: 'array', items: device, minItems: 1 },
          remedy: { ...textOrNull, description: 'What would help; null: nothing that is known.' },
        },
      },
    },
    doubts: { ...texts, description: 'What the answer supposes, or what contradicts it.' },
    findings: { ...texts, description: 'What else was found odd, as the drivers reported it.' },
  },
} as const;
