import { PCI_ATTRIBUTES, type PciAttribute } from './pci-attributes.js';

const text = { type: 'string' } as const;
const address = { type: 'string', pattern: '^[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]$' } as const;
const bus = { type: 'string', pattern: '^[0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}$' } as const;
const base64 = { type: 'string', contentEncoding: 'base64', pattern: '^[A-Za-z0-9+/]*={0,2}$' } as const;
const hexPair = { type: 'string', pattern: '^[0-9a-fA-F]{4}:([0-9a-fA-F]{4})?$' } as const;
const hex64 = { type: 'string', pattern: '^0x[0-9a-fA-F]{1,16}$' } as const;
const acsFlags = {
  type: 'string',
  pattern: '^((SV|TB|RR|CR|UF|EC|DT)( |$))*$',
  description: 'Names of flags, a blank between: SV RR CR UF.',
} as const;
const word = { type: 'integer', minimum: 0, maximum: 65535 } as const;
const busNumber = { type: 'integer', minimum: 0, maximum: 255 } as const;

const attributes = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(PCI_ATTRIBUTES.map((name) => [name, text])) as {
    readonly [name in PciAttribute]: typeof text;
  },
} as const;

const pciFunction = {
  type: 'object',
  required: ['address'],
  additionalProperties: false,
  properties: {
    address: { ...address, description: 'DDDD:BB:DD.F, hexadecimal.' },
    parent: {
      anyOf: [address, { type: 'null' }],
      description: 'The bridge above; null on a root bus; absent: found by bus numbers.',
    },
    id: { ...hexPair, description: 'Vendor and device id: 8086:29c0; 8086: where the device id is not known.' },
    subsystem: { ...hexPair, description: 'Subsystem vendor and device id.' },
    class: {
      type: 'string',
      pattern: '^[0-9a-fA-F]{4}([0-9a-fA-F]{2})?$',
      description: 'Base class, subclass, programming interface: 060400.',
    },
    revision: { type: 'string', pattern: '^[0-9a-fA-F]{1,2}$' },
    config: { ...base64, description: 'Configuration space, from byte 0 as far as it was read.' },
    configSize: { type: 'integer', description: 'Bytes that the function has, as the kernel sees it: 256 or 4096.' },
    headerType: { type: 'integer', minimum: 0, maximum: 127 },
    multifunction: { type: 'boolean' },
    express: {
      anyOf: [
        {
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
          ],
        },
        { type: 'null' },
      ],
      description: 'Type of the PCI Express capability; null: none.',
    },
    acs: {
      anyOf: [
        {
          type: 'object',
          additionalProperties: false,
          properties: { capability: acsFlags, control: acsFlags },
        },
        { type: 'null' },
      ],
      description: 'The ACS capability; null: none; a register is absent when it was not read.',
    },
    sriov: {
      anyOf: [
        {
          type: 'object',
          required: ['totalVfs', 'offset', 'stride'],
          additionalProperties: false,
          properties: {
            totalVfs: word,
            offset: word,
            stride: word,
            deviceId: { type: 'string', pattern: '^[0-9a-fA-F]{4}$' },
          },
        },
        { type: 'null' },
      ],
      description:
        'The SR-IOV capability; null: none. How many virtual functions there can be, and where: counted from the function itself.',
    },
    secondaryBus: busNumber,
    subordinateBus: busNumber,
    physicalFunction: { ...address, description: 'Of a virtual function: the function that it belongs to.' },
    segmentHost: {
      ...address,
      description: 'Of a function in a segment of its own (VMD): the endpoint that hosts it.',
    },
    untrusted: { type: 'boolean', description: 'Below a port that firmware marks as reachable from outside.' },
    driver: { anyOf: [text, { type: 'null' }], description: 'The bound kernel driver; null: none.' },
    attributes: {
      ...attributes,
      description: 'Further attributes of sysfs as read: file name and content without its newline.',
    },
    label: { ...text, description: 'What the source calls it: vendor and device by name. For people only.' },
  },
} as const;

/** JSON Schema (draft 2020-12) of a machine; the package also carries it as `machine.schema.json`. */
export const machineSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Machine',
  description: 'A machine as plain data: what was read of it, and nothing else. What is not there is unknown.',
  type: 'object',
  required: ['schema'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    name: { ...text, description: 'For people: a host name, a file name, a model.' },
    kernel: {
      type: 'object',
      additionalProperties: false,
      properties: {
        release: { ...text, description: 'As uname -r prints it.' },
        arch: { ...text, description: 'As uname -m prints it.' },
        commandLine: { ...text, description: 'As in /proc/cmdline, without the newline.' },
        config: {
          type: 'object',
          additionalProperties: false,
          properties: {
            defaultDomain: { enum: ['passthrough', 'lazy', 'strict'] },
            intelIommuDefaultOn: { type: 'boolean' },
          },
        },
      },
    },
    firmware: {
      type: 'object',
      additionalProperties: false,
      description: 'A table that is not there was looked for and not found; without firmware nobody looked.',
      properties: {
        acpi: {
          type: 'object',
          propertyNames: { pattern: '^(?!\\.{1,2}$)[^/\\u0000]{1,64}$' },
          additionalProperties: base64,
          description: 'By file name below /sys/firmware/acpi/tables.',
        },
        deviceTree: { ...base64, description: 'The flattened device tree.' },
      },
    },
    pci: {
      type: 'object',
      required: ['functions'],
      additionalProperties: false,
      properties: {
        functions: { type: 'array', items: pciFunction },
        rootBuses: { type: 'array', items: bus, description: 'In the order of their scan.' },
        rootParents: {
          type: 'object',
          additionalProperties: text,
          description: 'Where root buses stand below /sys/devices, when not at its top.',
        },
        order: { type: 'array', items: address, description: 'Addresses in the order in which the kernel found them.' },
        acsRead: {
          enum: ['before-boot', 'after-boot'],
          description:
            "When the ACS control bits were read, as against the kernel's switching them on; absent: unknown.",
        },
        acsReadUnder: {
          type: 'object',
          additionalProperties: false,
          description: "The kernel that had booted when they were read, where it is not the machine's own.",
          properties: { release: text, commandLine: text },
        },
      },
    },
    devices: {
      type: 'array',
      description: 'Devices on other buses, in the order of their registration.',
      items: {
        type: 'object',
        required: ['name', 'bus', 'path'],
        additionalProperties: false,
        properties: {
          name: text,
          bus: text,
          path: { ...text, description: 'Below /sys/devices.' },
          firmwareNode: { ...text, description: 'ACPI path or device tree path.' },
          hardwareId: { ...text, description: 'ACPI hardware id: AMDI0020.' },
          uniqueId: { ...text, description: 'ACPI unique id.' },
          driver: { anyOf: [text, { type: 'null' }] },
        },
      },
    },
    probes: {
      type: 'object',
      required: ['order'],
      additionalProperties: false,
      description:
        "Kernel drivers' probes. Some kernels form groups at that moment: there they decide which devices have one, and the ids.",
      properties: {
        order: {
          type: 'array',
          description: 'In the order in which they happened, as far as it is known.',
          items: {
            type: 'object',
            required: ['device', 'driver'],
            additionalProperties: false,
            properties: { device: text, driver: text },
          },
        },
        complete: {
          type: 'boolean',
          description:
            'Nothing else was probed. Absent: the port driver looked at every bridge first, and devices that have a driver and are not named were probed later, in an unknown order.',
        },
      },
    },
    units: {
      type: 'array',
      description: "What is known of the IOMMUs' own registers.",
      items: {
        type: 'object',
        additionalProperties: false,
        properties: {
          name: text,
          address: hex64,
          registers: { type: 'object', additionalProperties: hex64 },
          responds: { type: 'boolean' },
        },
      },
    },
    observed: {
      type: 'object',
      required: ['source', 'groups'],
      additionalProperties: false,
      description: 'What the machine said of its own groups: compared with the result, never an input.',
      properties: {
        source: { enum: ['sysfs', 'lspci', 'dmesg', 'listing'] },
        groups: {
          type: 'array',
          items: {
            type: 'object',
            required: ['id', 'devices'],
            additionalProperties: false,
            properties: {
              id: { type: 'integer', minimum: 0 },
              devices: { type: 'array', items: text },
              type: text,
              name: text,
              reservedRegions: { type: 'array', items: text },
            },
          },
        },
        units: { type: 'array', items: text },
      },
    },
    notes: {
      type: 'array',
      items: {
        type: 'object',
        required: ['severity', 'code', 'message'],
        additionalProperties: false,
        properties: { severity: { enum: ['info', 'warning'] }, code: text, message: text },
      },
    },
  },
} as const;
