/**
 * The groups of a machine in the formats of other programs, as pure functions from a running machine to text.
 *
 * @packageDocumentation
 */

export { type AnsibleDevice, type AnsibleFact, ansibleFact, toAnsibleFact } from './ansible-fact.js';
export { ansibleFactSchema } from './ansible-fact-schema.js';
export { type Describe, type DeviceRecord, deviceRecords } from './device-record.js';
export { deviceRecordSchema } from './device-record-schema.js';
export { toDot } from './dot.js';
export { type NodeDevice, nodeDevices, type PciNames, withoutIds } from './libvirt/node-devices.js';
export { toNovaFixture } from './libvirt/nova-fixture.js';
export { beyondMermaid, MERMAID_LIMITS, toMermaid } from './mermaid.js';
export { toNdjson } from './ndjson.js';
export { toNfdFeatures } from './nfd-features.js';
export { toSvg } from './svg.js';
