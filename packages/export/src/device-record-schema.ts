/*
 * JSON Schema (draft 2020-12) of a line of `iommu export --format ndjson`. The package carries it as a file too.
 */
const device = { type: 'string', description: 'A PCI address with its domain, or a name from sysfs.' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const yesOrNull = { type: ['boolean', 'null'] } as const;

const hexOrNull = <N extends number>(digits: N) =>
  ({ type: ['string', 'null'], pattern: `^[0-9a-f]{${digits}}$` }) as const;

const flags = {
  type: ['string', 'null'],
  pattern: '^((SV|TB|RR|CR|UF|EC|DT)( |$))*$',
  description: 'ACS flags, blanks between; null: there is no such register, or it was not read.',
} as const;

const properties = {
  schema: { const: 1 },
  machine: { ...textOrNull, description: 'For people; null: the input has none.' },
  kernel: {
    ...textOrNull,
    description: 'The release whose rules formed the groups; null: not in the input, so the newest rules.',
  },
  arch: { type: 'string', description: "The kernel's arch/ folder: x86, arm64." },
  device,
  bus: { type: 'string' },
  path: { type: 'string', description: 'Below /sys/devices.' },
  parent: { ...textOrNull, description: 'The bridge above.' },
  isGrouped: { type: 'boolean', description: 'Also true where the number of its group is not known.' },
  group: {
    type: ['integer', 'null'],
    minimum: 0,
    description: 'null: it has none, or the number depends on what the input does not hold.',
  },
  groupType: { ...textOrNull, description: 'DMA-FQ, DMA or identity; null also where the kernel shows unknown.' },
  groupDevices: { type: 'array', items: device, description: 'In the order in which they joined, itself among them.' },
  isSupposed: {
    type: 'boolean',
    description: 'Its group is a guess: the input does not hold all that decides it.',
  },
  isFirmwareSupposed: {
    type: 'boolean',
    description: 'Which devices share a group stands, numbers and types are a guess.',
  },
  iommu: { ...textOrNull, description: 'The unit that translates its DMA.' },
  class: hexOrNull(6),
  vendorId: hexOrNull(4),
  deviceId: hexOrNull(4),
  revision: hexOrNull(2),
  description: textOrNull,
  kind: { ...textOrNull, description: 'Type of the PCI Express port, conventional, reserved or unknown.' },
  isBridge: { ...yesOrNull, description: 'null: it is not on PCI.' },
  physicalFunction: { ...textOrNull, description: 'null: it is no virtual function.' },
  driver: { ...textOrNull, description: 'The kernel driver that is bound; null: none, or the input does not say.' },
  numaNode: { type: ['integer', 'null'], minimum: 0, description: 'null: none, or not in the input.' },
  isolates: { ...yesOrNull, description: 'Whether it keeps its traffic from others, as Linux judges; null: unknown.' },
  hasAcs: { ...yesOrNull, description: 'Whether there is an ACS capability.' },
  acsCapability: flags,
  acsControl: flags,
  rule: { ...textOrNull, description: 'Why it is in its group, or in none: a stable name.' },
  reason: { ...textOrNull, description: 'The same in words.' },
} as const;

/** Of a line of `iommu export --format ndjson`. */
export const deviceRecordSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'A device of a machine with its IOMMU group',
  type: 'object',
  required: Object.keys(properties),
  additionalProperties: false,
  properties,
} as const;
