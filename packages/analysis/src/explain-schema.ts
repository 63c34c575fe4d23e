/*
 * JSON Schema (draft 2020-12) of what `iommu explain --json` prints. The package carries it as a file too.
 */
import { arch, device, id, kernelRelease, machineName, text, textOrNull } from './schema-parts.js';

const flags = {
  type: 'string',
  pattern: '^((SV|TB|RR|CR|UF|EC|DT)( |$))*$',
  description: 'Names of ACS flags, a blank between; empty: none.',
} as const;
const flagsOrNull = { anyOf: [flags, { type: 'null' }], description: 'null: the register was not read.' } as const;

const component = {
  type: 'object',
  required: ['device', 'kind', 'isolates', 'basis', 'acs', 'needed', 'missing', 'quirk', 'quirkSince', 'text'],
  additionalProperties: false,
  properties: {
    device,
    kind: {
      enum: [
        'endpoint',
        'legacy-endpoint',
        'root-port',
        'upstream-port',
        'downstream-port',
        'pcie-to-pci-bridge',
        'pci-to-pcie-bridge',
        'rc-endpoint',
        'rc-event-collector',
        'conventional',
        'reserved',
        'unknown',
      ],
    },
    isolates: { type: 'boolean', description: 'As Linux judges; where basis is unknown, as supposed.' },
    basis: {
      enum: [
        'quirk',
        'flags',
        'no-capability',
        'conventional',
        'bridge',
        'single-function',
        'other-type',
        'override',
        'unknown',
      ],
      description: 'What decided.',
    },
    acs: {
      anyOf: [
        {
          type: 'object',
          required: ['capability', 'control'],
          additionalProperties: false,
          properties: { capability: flagsOrNull, control: flagsOrNull },
        },
        { enum: ['none', 'unknown'] },
      ],
      description: 'The registers as grouping uses them.',
    },
    needed: { ...flags, description: 'Flags that had to be on: those advertised, all where there is no capability.' },
    missing: { ...flags, description: 'Of these, the ones that are off.' },
    quirk: { ...textOrNull, description: 'The quirk that answered; null: none did.' },
    quirkSince: { ...textOrNull, description: 'The release that brought it for this device; null: none answered.' },
    text: { ...text, description: "To follow the device's name." },
  },
} as const;

const group = {
  anyOf: [
    {
      type: 'object',
      required: ['id', 'devices'],
      additionalProperties: false,
      properties: { id, devices: { type: 'array', items: device } },
    },
    { type: 'null' },
  ],
} as const;

const link = {
  type: 'object',
  required: ['device', 'joined', 'rule', 'sentence', 'text', 'source', 'components', 'unknown'],
  additionalProperties: false,
  properties: {
    device,
    joined: { ...textOrNull, description: 'The device whose group it joined; null: it opened a group, or has none.' },
    rule: { ...text, description: 'Stable code.' },
    sentence: { ...text, description: 'The rule, as it holds for any device.' },
    text: { ...text, description: 'The rule applied to these devices.' },
    source: { ...text, description: 'The kernel function that it restates.' },
    components: {
      type: 'array',
      items: component,
      description: 'What was weighed; where nothing was, what it joined.',
    },
    unknown: { type: 'array', items: text, description: 'What was supposed, for want of a fact.' },
  },
} as const;

const ways = {
  type: 'array',
  items: {
    type: 'object',
    required: ['kind', 'changes'],
    additionalProperties: false,
    properties: {
      kind: { enum: ['firmware', 'command-line', 'slot', 'kernel', 'several'] },
      changes: {
        type: 'array',
        items: text,
        minItems: 1,
        description: 'In the words of iommu what-if; all are needed.',
      },
    },
  },
} as const;

/** Of `iommu explain --json`. */
export const explainSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Why a device is in its group, or two share one or do not',
  type: 'object',
  required: [
    'schema',
    'machine',
    'devices',
    'relation',
    'certain',
    'groups',
    'links',
    'isolation',
    'rootComplex',
    'ways',
    'onPaper',
    'exhaustive',
    'unknown',
  ],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    machine: {
      type: 'object',
      required: ['name', 'kernel', 'arch'],
      additionalProperties: false,
      properties: { name: machineName, kernel: kernelRelease, arch },
    },
    devices: { type: 'array', items: device, minItems: 1, maxItems: 2 },
    relation: { enum: ['shared', 'alone', 'together', 'apart', 'ungrouped'] },
    certain: { type: 'boolean', description: 'Nothing that is missing from the input could change the relation.' },
    groups: { type: 'array', items: group, description: 'Of each device; null: it has none.' },
    links: {
      type: 'array',
      items: link,
      description:
        'Of one device: its reason, and those of what it joined. Of two that share a group: the reasons by which they hang together, in order. Else the reason of each.',
    },
    isolation: { type: 'array', items: component, description: 'What isolates two that are apart.' },
    rootComplex: {
      type: 'boolean',
      description:
        'Two that are apart meet only in the root complex, which Linux takes to lead everything to the IOMMU.',
    },
    ways: { ...ways, description: 'What would part them, or join them: each by itself, as tried on the model.' },
    onPaper: { ...ways, description: 'What would part them for Linux without isolating anything.' },
    exhaustive: {
      type: 'boolean',
      description:
        'Where there is no way: every single change of the model was tried to the members of the groups, the bridges above them, and the other functions of their slots.',
    },
    unknown: {
      type: 'array',
      description: 'Facts that links and isolation lacked.',
      items: {
        type: 'object',
        required: ['fact', 'capture'],
        additionalProperties: false,
        properties: { fact: text, capture: { ...text, description: 'How to get it.' } },
      },
    },
  },
} as const;
