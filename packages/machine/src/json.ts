/**
 * Machines as JSON: the schema, reading with validation, writing. Apart from the rest because validation is the larger
 * part of the code, and only readers of JSON need it.
 *
 * @packageDocumentation
 */
export { machineFromJson, machineToJson } from './machine-json.js';
export { machineSchema } from './machine-schema.js';
