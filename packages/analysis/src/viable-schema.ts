/*
 * JSON Schema (draft 2020-12) of what `iommu viable --json` prints. The package carries it as a file too.
 */
import { arch, device, devices, id, kernelRelease, machineName, stableCode, text, textOrNull } from './schema-parts.js';

const reason = {
  type: 'object',
  required: ['code', 'effect', 'devices', 'text'],
  additionalProperties: false,
  properties: {
    code: stableCode,
    effect: {
      enum: ['blocks', 'unknown', 'doubt', 'warning'],
      description:
        'blocks: it makes the verdict; unknown: it keeps one from being given; doubt: the verdict stands as far as the input tells; warning: it concerns the host, not the verdict.',
    },
    devices: { ...devices, description: 'Those concerned; empty: no single one is.' },
    text,
  },
} as const;

const viability = {
  verdict: { enum: ['viable', 'not-viable', 'unknown'] },
  certain: { type: 'boolean', description: 'Nothing that is missing from the input could change the verdict.' },
  errno: {
    ...textOrNull,
    description: 'What the kernel returns; null: nothing refuses, or what it returns is not known.',
  },
  refusedBy: {
    enum: ['driver-probe', 'claim', null],
    description: "What returns it: the probe of the device's driver, or the claim of the group.",
  },
  reasons: { type: 'array', items: reason },
} as const;
const VIABILITY = ['verdict', 'certain', 'errno', 'refusedBy', 'reasons'] as const;

const member = {
  type: 'object',
  required: ['device', 'driver', 'driverIsKnown', 'role', 'inTheWay', 'directRegions'],
  additionalProperties: false,
  properties: {
    device,
    driver: { ...textOrNull, description: 'The driver that it has; null: none, or unknown.' },
    driverIsKnown: { type: 'boolean', description: 'Tells the two meanings of a driver that is null apart.' },
    role: {
      enum: ['asked', 'bridge', 'other'],
      description: 'asked: among all that were asked about; bridge: a PCI bridge that was not.',
    },
    inTheWay: {
      type: ['boolean', 'null'],
      description: 'Whether it, with the driver that it has, keeps the group from being viable; null: unknown.',
    },
    directRegions: {
      type: 'array',
      items: { type: 'string', pattern: '^0x[0-9a-f]{16} 0x[0-9a-f]{16} direct$' },
      description: 'What the firmware demands to stay mapped one to one: start, inclusive end, kind.',
    },
  },
} as const;

const group = {
  anyOf: [
    {
      type: 'object',
      required: ['id', 'members'],
      additionalProperties: false,
      properties: {
        id,
        members: { type: 'array', items: member, description: 'In the order in which they joined.' },
      },
    },
    { type: 'null' },
  ],
} as const;

const setup = {
  anyOf: [
    {
      type: 'object',
      required: ['bind', 'unbind', 'leftOut', 'kernelParameter', 'sameIds', 'commands', 'libvirt'],
      additionalProperties: false,
      properties: {
        bind: { ...devices, description: 'Everything that gets a driver of VFIO.' },
        unbind: { ...devices, description: 'Bridges and devices of other buses, without what is left out.' },
        leftOut: {
          ...devices,
          description: 'Needed too, but the host may not do without: here only when it is asked about.',
        },
        kernelParameter: {
          ...textOrNull,
          description: "A word for the kernel's command line; null: an id is unknown, or the driver takes none.",
        },
        sameIds: { ...devices, description: 'Devices that have one of its ids: it takes them too.' },
        commands: { type: 'array', items: text, description: 'Lines for a shell. Nothing of it is ever run.' },
        libvirt: { ...text, description: 'hostdev elements for the devices that were asked about.' },
      },
    },
    { type: 'null' },
  ],
  description: 'Text to copy; null: no binding makes the devices viable.',
} as const;

/** Of `iommu viable --json`. */
export const viableSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Whether devices can be passed through',
  type: 'object',
  required: ['schema', 'machine', 'rule', 'devices', 'together', 'needs', 'setup'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    machine: {
      type: 'object',
      required: ['name', 'kernel', 'arch'],
      additionalProperties: false,
      properties: { name: machineName, kernel: kernelRelease, arch },
    },
    rule: {
      enum: ['owner', 'allowed-drivers', 'allowed-drivers-and-bridges'],
      description: 'owner: since Linux 5.19 users of the DMA are counted; else what VFIO allowed before.',
    },
    devices: {
      type: 'array',
      minItems: 1,
      description: 'Each bound alone.',
      items: {
        type: 'object',
        required: ['device', 'driver', 'group', ...VIABILITY],
        additionalProperties: false,
        properties: {
          device,
          driver: { ...text, description: 'To be bound.' },
          group: { ...group, description: 'null: it has none.' },
          ...viability,
        },
      },
    },
    together: {
      type: 'object',
      required: VIABILITY,
      additionalProperties: false,
      properties: viability,
      description: 'All of them bound.',
    },
    needs: {
      type: 'array',
      description: 'What else must be done to make them viable together; empty where that does not help.',
      items: {
        type: 'object',
        required: ['device', 'action', 'from'],
        additionalProperties: false,
        properties: {
          device,
          action: { enum: ['bind', 'unbind'] },
          from: { ...textOrNull, description: 'The driver that it has; null: unknown.' },
        },
      },
    },
    setup,
  },
} as const;
