import { deviceRecordSchema } from './device-record-schema.js';

/*
 * JSON Schema (draft 2020-12) of what `iommu export --format ansible` writes. The package carries it as a file too.
 */
const { device, groupType, kernel, arch, isFirmwareSupposed, ...record } = deviceRecordSchema.properties;

const ofDevice = {
  isGrouped: record.isGrouped,
  group: record.group,
  isSupposed: record.isSupposed,
  class: record.class,
  vendorId: record.vendorId,
  deviceId: record.deviceId,
  isBridge: record.isBridge,
  driver: record.driver,
  iommu: record.iommu,
  numaNode: record.numaNode,
  companions: { type: 'array', items: device, description: 'Who else is in its group and is no bridge.' },
} as const;

const ofGroup = {
  id: record.group,
  type: groupType,
  devices: { type: 'array', items: device, description: 'In the order in which they joined.' },
} as const;

/** Of `iommu export --format ansible`. */
export const ansibleFactSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: "A machine's IOMMU groups as a local fact of Ansible",
  type: 'object',
  required: ['schema', 'kernel', 'arch', 'isFirmwareSupposed', 'groups', 'devices'],
  additionalProperties: false,
  properties: {
    schema: { const: 1 },
    kernel,
    arch,
    isFirmwareSupposed,
    groups: {
      type: 'array',
      description: 'By number.',
      items: { type: 'object', required: Object.keys(ofGroup), additionalProperties: false, properties: ofGroup },
    },
    devices: {
      type: 'object',
      description: 'By address, or name in sysfs.',
      additionalProperties: {
        type: 'object',
        required: Object.keys(ofDevice),
        additionalProperties: false,
        properties: ofDevice,
      },
    },
  },
} as const;
