import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema';
import { IommuError } from '@iommu/core';
import { toBase64 } from './bytes.js';
import type { Machine } from './machine.js';
import { machineSchema } from './machine-schema.js';

/** How many complaints of the schema an error repeats. */
const SHOWN = 5;

const describe = ({ instanceLocation, error }: OutputUnit): string =>
  `${instanceLocation.replace(/^#/, '') || '/'}: ${error}`;

/**
 * Take parsed JSON for a machine, if it is one.
 *
 * @param value - What `JSON.parse()` gave; becomes the machine itself.
 * @throws IommuError `ERR_MACHINE` with the places that do not fit the schema.
 */
export const machineFromJson = (value: unknown): Machine => {
  const { valid, errors } = new Validator(machineSchema as unknown as Schema, '2020-12', false).validate(value);
  if (valid) return value as Machine;
  // The innermost complaints name the place; those around them only repeat it.
  const leaves = errors.filter(
    ({ keyword }) => !['properties', 'items', 'additionalProperties', 'anyOf'].includes(keyword),
  );
  const list = (leaves.length > 0 ? leaves : errors).slice(0, SHOWN).map(describe);
  throw new IommuError('ERR_MACHINE', `not a machine: ${list.join('; ')}${errors.length > SHOWN ? '; …' : ''}`);
};

/** The machine with all bytes in base64, ready for `JSON.stringify()`. */
export const machineToJson = (machine: Machine): Machine => {
  const { firmware, pci } = machine;
  const acpi =
    firmware?.acpi && Object.fromEntries(Object.entries(firmware.acpi).map(([name, bytes]) => [name, toBase64(bytes)]));
  return {
    ...machine,
    ...(firmware && {
      firmware: {
        ...firmware,
        ...(acpi && { acpi }),
        ...(firmware.deviceTree && { deviceTree: toBase64(firmware.deviceTree) }),
      },
    }),
    ...(pci && {
      pci: {
        ...pci,
        functions: pci.functions.map((fn) => (fn.config ? { ...fn, config: toBase64(fn.config) } : fn)),
      },
    }),
  };
};
