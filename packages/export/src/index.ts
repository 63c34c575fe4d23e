/**
 * The groups of a machine in the formats of other programs, as pure functions from a running machine to text.
 *
 * @packageDocumentation
 */

export { type Describe, type DeviceRecord, deviceRecords } from './device-record.js';
export { deviceRecordSchema } from './device-record-schema.js';
export { toNdjson } from './ndjson.js';
