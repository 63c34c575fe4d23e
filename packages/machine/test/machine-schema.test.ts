import { type Schema, Validator } from '@cfworker/json-schema';
import { expect, test } from 'vitest';
import { machineSchema } from '../src/machine-schema.js';
import { WHOLE } from './support/machines.js';

const validator = new Validator(machineSchema as unknown as Schema, '2020-12');
const isMachine = (value: unknown): boolean => validator.validate(value).valid;

type Place = readonly (string | number)[];

/** Every place of a value, the value itself first. */
const places = (value: unknown, at: Place = []): Place[] => [
  at,
  ...(typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, inside]) => places(inside, [...at, key]))
    : []),
];

const get = (value: unknown, place: Place): unknown =>
  place.reduce<unknown>((inside, key) => (inside as Record<string, unknown>)[key], value);

/** A copy with something else at a place. */
const replaced = (place: Place, other: unknown): unknown => {
  const last = place.at(-1);
  if (last === undefined) return other;
  const copy: unknown = structuredClone(WHOLE);
  (get(copy, place.slice(0, -1)) as Record<string, unknown>)[last] = other;
  return copy;
};

/** A value of another type than the one given: no member takes both. */
const otherType = (value: unknown): unknown => (typeof value === 'object' && value !== null ? 'text' : { a: 1 });

test('takes a machine with every member', () => {
  expect(isMachine(WHOLE)).toBe(true);
});

test.each(places(WHOLE).map((place) => [`/${place.join('/')}`, place] as const))(
  'takes no other type at %s',
  (_, place) => {
    expect(isMachine(replaced(place, otherType(get(WHOLE, place))))).toBe(false);
  },
);

/** Objects whose members have names of the machine's own, not of the schema's. */
const OPEN = new Set(['/firmware/acpi', '/units/0/registers', '/pci/rootParents']);

test.each(
  places(WHOLE)
    .filter((place) => get(WHOLE, place)?.constructor === Object)
    .map((place) => [`/${place.join('/')}`, place] as const),
)('takes no member that it does not name at %s', (name, place) => {
  const more = { ...(get(WHOLE, place) as object), colour: OPEN.has(name) ? 5 : 'red' };
  expect(isMachine(replaced(place, more))).toBe(false);
});

/** The names of members in a schema, wherever they are. */
const named = (schema: unknown): string[] =>
  typeof schema !== 'object' || schema === null
    ? []
    : Object.entries(schema).flatMap(([key, inside]) => [
        ...(key === 'properties' ? Object.keys(inside as object) : []),
        ...named(inside),
      ]);

test('names no member that the machine of this test has not', () => {
  const used = new Set(places(WHOLE).flat());
  expect(named(machineSchema).filter((name) => !used.has(name) && name !== 'capability' && name !== 'control')).toEqual(
    [],
  );
});
