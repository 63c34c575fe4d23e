import type { FromSchema } from 'json-schema-to-ts';
import type { Bytes, Machine } from '../src/machine.js';
import type { machineSchema } from '../src/machine-schema.js';

/** As JSON carries it: bytes as text. */
type Json<T> = T extends Bytes
  ? Uint8Array extends T
    ? string
    : T
  : T extends Uint8Array
    ? never
    : T extends object
      ? { -readonly [Member in keyof T]: Json<T[Member]> }
      : T;

/** Compiles only where every value of the first type is one of the second. */
type Fits<First extends Second, Second> = First;

type FromJson = FromSchema<typeof machineSchema>;

// What the schema takes is a machine, and the JSON of a machine is what the schema takes.
export type SchemaFitsMachine = Fits<FromJson, Json<Machine>>;
export type MachineFitsSchema = Fits<Json<Machine>, FromJson>;

/** Places of members, `/pci/functions/address`: an optional member more or less would fit all the same. */
type Places<T> = T extends readonly (infer Item)[]
  ? Places<Item>
  : T extends object
    ? { [Member in keyof T & string]-?: `/${Member}` | `/${Member}${Places<NonNullable<T[Member]>>}` }[keyof T & string]
    : never;

export type SchemaNamesAll = Fits<Places<Json<Machine>>, Places<FromJson>>;
export type MachineNamesAll = Fits<Places<FromJson>, Places<Json<Machine>>>;

// Were the types `any` or `never`, everything would fit.
type IsAny<T> = 0 extends 1 & T ? true : false;
type IsNever<T> = [T] extends [never] ? true : false;
export type NotAny = Fits<IsAny<FromJson> | IsAny<Json<Machine>> | IsNever<FromJson> | IsNever<Json<Machine>>, false>;

// The bytes of a machine in memory do not fit the schema.
// @ts-expect-error -- Uint8Array is no text
export type BytesDoNotFit = Fits<Machine, FromJson>;
