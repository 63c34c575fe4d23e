import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { machineFromJson, machineToJson } from '../src/machine-json.js';
import { WHOLE } from './support/machines.js';

test('takes a machine with every member for one', () => {
  const value: unknown = JSON.parse(JSON.stringify(WHOLE));
  expect(machineFromJson(value)).toBe(value);
});

test('takes the smallest machine for one', () => {
  expect(machineFromJson({ schema: 1 })).toEqual({ schema: 1 });
});

const complaint = (value: unknown): string | undefined => {
  try {
    machineFromJson(value);
  } catch (error) {
    return isIommuError(error, 'ERR_MACHINE') ? error.message : String(error);
  }
  return undefined;
};

const withPci = (fn: object) => ({
  schema: 1,
  pci: { functions: [{ address: '0000:00:01.0' }, { address: '0000:00:02.0', ...fn }] },
});

test.each([
  ['another schema', { schema: 2 }, '/schema'],
  ['no schema', {}, '/'],
  ['a list', [], '/'],
  ['nothing', null, '/'],
  ['a member that there is not', { schema: 1, colour: 'red' }, '/colour'],
  ['an address that is none', withPci({ address: '00:02.0' }), '/pci/functions/1/address'],
  ['a parent that is no address', withPci({ parent: 'above' }), '/pci/functions/1/parent'],
  ['an id that is none', withPci({ id: '8086' }), '/pci/functions/1/id'],
  ['a kind that there is not', withPci({ express: 'bridge' }), '/pci/functions/1/express'],
  ['flags that there are not', withPci({ acs: { control: 'SV XX' } }), '/pci/functions/1/acs/control'],
  ['bytes that are no base64', withPci({ config: '#' }), '/pci/functions/1/config'],
  ['a bus that is none', withPci({ secondaryBus: 256 }), '/pci/functions/1/secondaryBus'],
  ['a list of functions that is none', { schema: 1, pci: { functions: {} } }, '/pci/functions'],
  ['no list of functions', { schema: 1, pci: {} }, '/pci'],
  ['a table that is no text', { schema: 1, firmware: { acpi: { DMAR: 5 } } }, '/firmware/acpi/DMAR'],
  ['a table that is no file', { schema: 1, firmware: { acpi: { '../../DMAR': '' } } }, '/firmware/acpi'],
  ['a table that is a directory', { schema: 1, firmware: { acpi: { '..': '' } } }, '/firmware/acpi'],
  ['a register that is no number', { schema: 1, units: [{ registers: { cap: '1' } }] }, '/units/0/registers/cap'],
  ['a device without a bus', { schema: 1, devices: [{ name: 'a', path: 'a' }] }, '/devices/0'],
  [
    'a group with a name for an id',
    { schema: 1, observed: { source: 'sysfs', groups: [{ id: 'a', devices: [] }] } },
    '/observed/groups/0/id',
  ],
])('refuses %s, and names the place', (_, value, place) => {
  expect(complaint(value)).toMatch(new RegExp(`^not a machine: (?:.*; )?${place}: `));
});

test('does not repeat more than five complaints', () => {
  const functions = Array.from({ length: 20 }, () => ({ address: 'x' }));
  expect(complaint({ schema: 1, pci: { functions } })?.match(/\/address/g)).toHaveLength(5);
  expect(complaint({ schema: 1, pci: { functions } })).toMatch(/; …$/);
});

test('writes all bytes in base64', () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const machine = {
    schema: 1,
    firmware: { acpi: { DMAR: bytes }, deviceTree: bytes },
    pci: { functions: [{ address: '0000:00:01.0', config: bytes }, { address: '0000:00:02.0' }] },
  } as const;
  expect(machineToJson(machine)).toEqual({
    schema: 1,
    firmware: { acpi: { DMAR: 'AQID' }, deviceTree: 'AQID' },
    pci: { functions: [{ address: '0000:00:01.0', config: 'AQID' }, { address: '0000:00:02.0' }] },
  });
});

test('writes what is in base64 already as it is', () => {
  expect(machineToJson(WHOLE)).toEqual(WHOLE);
});
