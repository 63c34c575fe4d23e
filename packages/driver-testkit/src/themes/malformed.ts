import { isIommuError } from '@iommu/core';
import { ACPI_HEADER_LENGTH, sealAcpiTable } from '@iommu/firmware';
import type { Machine } from '@iommu/machine';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { type Choose, chooser } from '../random-machine.js';
import { DEVICE_TREE, spied } from '../spied.js';
import type { Subject } from '../subject.js';

/** In milliseconds; a table of some hundred bytes takes less than one. */
const LONGEST = 1_000;
/** So many places of a table are damaged, all of a small one. */
const PLACES = 400;
const RANDOM_ROUNDS = 150;

/** A firmware table that the driver reads, and a machine that has it. */
interface Table {
  readonly machine: Machine;
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of all its tables, by name. */
  readonly acpi: Readonly<Record<string, Uint8Array>>;
}

const tablesOf = (subject: Subject): Table[] =>
  subject.machines.flatMap((machine) => {
    const { driver, tables } = spied(subject.driver);
    subject.boot(machine, { driver });
    const all = [...tables].map(([name, { before }]) => [name, before] as const);
    const acpi = Object.fromEntries(all.filter(([name]) => name !== DEVICE_TREE));
    return all.map(([name, bytes]) => ({ machine, name, bytes, acpi }));
  });

const damagedMachine = ({ machine, name, acpi }: Table, bytes: Uint8Array): Machine => {
  const firmware =
    name === DEVICE_TREE
      ? { ...machine.firmware, deviceTree: bytes }
      : { ...machine.firmware, acpi: { ...acpi, [name]: bytes } };
  return { ...machine, firmware };
};

/** @returns How long it took, in milliseconds. */
const attempt = (subject: Subject, table: Table, bytes: Uint8Array, how: string): number => {
  const started = Date.now();
  try {
    subject.boot(damagedMachine(table, bytes));
  } catch (error) {
    const isAllowed = isIommuError(error) && !['ERR_DRIVER_CONTRACT', 'ERR_CONFORMANCE'].includes(error.code);
    const { cause } = error as Error;
    demand(isAllowed, () => `${table.name} ${how}: ${String(cause ?? error)}, expected a machine, or an IommuError`);
  }
  return Date.now() - started;
};

const check = (subject: Subject, table: Table, bytes: Uint8Array, how: string): void => {
  if (attempt(subject, table, bytes, how) < LONGEST) return;
  // The machine that this runs on may have been busy.
  const again = attempt(subject, table, bytes, how);
  demand(again < LONGEST, () => `${table.name} ${how}: it took ${again} ms`);
};

/** Up to so many places, evenly spread. */
const places = (length: number, from = 0): number[] => {
  const step = Math.max(1, Math.ceil((length - from) / PLACES));
  return Array.from({ length: Math.ceil((length - from) / step) }, (_, n) => from + n * step);
};

/** With length and checksum made right again, which hides the damage from whoever looks only there. @param bytes - Changed. */
const sealed = ({ name }: Table, bytes: Uint8Array): Uint8Array =>
  name === DEVICE_TREE || bytes.length < ACPI_HEADER_LENGTH ? bytes : sealAcpiTable(bytes);

/** Of its own memory, whatever the machine's bytes are: `slice()` of Node's `Buffer` is none. */
const copy = (bytes: Uint8Array, length = bytes.length): Uint8Array => Uint8Array.from(bytes.subarray(0, length));

const lacksTables = (subject: Subject): string | undefined =>
  tablesOf(subject).length > 0 ? undefined : 'it reads no firmware table of the machines given';

const onTables = (act: (subject: Subject, table: Table) => void) => ({
  lacks: lacksTables,
  check: (subject: Subject) => {
    for (const table of tablesOf(subject)) act(subject, table);
  },
});

const scramble = (bytes: Uint8Array, choose: Choose): Uint8Array => {
  const damaged = copy(bytes);
  for (let n = 0; n <= choose(6); n++) damaged[choose(bytes.length)] = choose(256);
  return damaged;
};

/** Firmware that lies: a machine or an IommuError comes of it, soon, and nothing else. */
export const malformedCases = defineCases('malformed', [
  {
    id: 'cut',
    title: 'survives a table that is cut short at any byte',
    ...onTables((subject, table) => {
      for (const length of places(table.bytes.length)) {
        check(subject, table, copy(table.bytes, length), `cut after ${length} bytes`);
        check(subject, table, sealed(table, copy(table.bytes, length)), `of only ${length} bytes`);
      }
    }),
  },
  {
    id: 'fields',
    title: 'survives any field at 0, at its most, or at one',
    ...onTables((subject, table) => {
      const start = table.name === DEVICE_TREE ? 0 : ACPI_HEADER_LENGTH;
      for (const at of places(table.bytes.length, start)) {
        for (const [value, width] of [
          [0, 1],
          [0xff, 1],
          [0, 2],
          [0xff, 2],
          [0xff, 4],
          [1, 1],
        ] as const) {
          const bytes = copy(table.bytes);
          bytes.fill(value, at, at + width);
          check(subject, table, sealed(table, bytes), `with ${width} bytes from ${at} on set to ${value}`);
        }
      }
    }),
  },
  {
    id: 'random',
    title: 'survives bytes changed at random',
    ...onTables((subject, table) => {
      for (let seed = 1; seed <= RANDOM_ROUNDS; seed++) {
        const bytes = scramble(table.bytes, chooser(seed));
        check(subject, table, sealed(table, bytes), `with bytes changed at random by ${seed}`);
      }
    }),
  },
  {
    id: 'header',
    title: 'survives a table of another kind, one with a wrong checksum, and none at all',
    ...onTables((subject, table) => {
      const wrong = copy(table.bytes);
      wrong[9] = (wrong[9] ?? 0) ^ 0xff;
      check(subject, table, wrong, 'with a wrong checksum');
      const other = copy(table.bytes);
      other.set([0x58, 0x58, 0x58, 0x58]);
      check(subject, table, sealed(table, other), 'with another signature');
      check(subject, table, new Uint8Array(), 'without a byte');
      check(subject, table, new Uint8Array(4096), 'of zeros');
      check(subject, table, new Uint8Array(4096).fill(0xff), 'of 0xff');
    }),
  },
]);
