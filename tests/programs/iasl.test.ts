import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { isIommuError } from '@iommu/core';
import { parseIvrs } from '@iommu/driver-amd-vi';
import { parseDmar } from '@iommu/driver-intel-vtd';
import { type IortNode, parseIort } from '@iommu/driver-smmu';
import { toBytes } from '@iommu/machine';
import { afterAll, expect, test } from 'vitest';
import { needsCorpus, needsProgram, systemPath } from '../support/needs.js';
import { machineOf, recordedMachines } from '../support/recordings.js';

const scratch = mkdtempSync(join(tmpdir(), 'iommu-iasl-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const FIELD = /^\[[0-9A-F]+h (\d+) +\d+\] +(.+?) : (.*)$/;

interface Field {
  readonly offset: number;
  readonly name: string;
  readonly value: string;
}

/** What the disassembler of the ACPI project lists of a table. */
interface Listing {
  readonly fields: readonly Field[];
  /** Where it stops, at a structure of a kind that is newer than it. */
  readonly end: number;
}

/** @returns `undefined` when the disassembler refuses the table. */
const disassemble = (bytes: Uint8Array): Listing | undefined => {
  const file = join(scratch, 'table.dat');
  const listing = join(scratch, 'table.dsl');
  rmSync(listing, { force: true });
  writeFileSync(file, bytes);
  spawnSync('iasl', ['-d', file], { env: { ...process.env, PATH: systemPath }, timeout: 20_000 });
  let text: string;
  try {
    text = readFileSync(listing, 'latin1');
  } catch {
    return undefined;
  }
  const fields = text.split('\n').flatMap((line) => {
    const [, offset, name = '', value = ''] = FIELD.exec(line) ?? [];
    return offset === undefined ? [] : [{ offset: Number(offset), name, value: value.trim() }];
  });
  const unknown = fields.findIndex(({ value }) => value.includes('[Unknown Subtable Type]'));
  const listed = unknown < 0 ? fields : fields.slice(0, unknown);
  return { fields: listed, end: fields[unknown]?.offset ?? bytes.length };
};

const hex = (value: number | bigint): string => value.toString(16);
const hexOf = (value: string): string => BigInt(`0x${value.split(' ')[0]}`).toString(16);

const SUBTABLE = /^(?:Subtable Type|Entry Type)$/;
const ADDRESS = /^(?:Register Base Address|Base Address|End Address \(limit\)|Start Address|Memory Length)$/;

/** Structures with their offsets and types, addresses, and what scopes name: a line each. */
const dmarLines = (fields: readonly Field[]): string[] => {
  const lines: string[] = [];
  for (const [at, { offset, name, value }] of fields.entries()) {
    if (SUBTABLE.test(name)) lines.push(`${offset} type ${hexOf(value)}`);
    else if (ADDRESS.test(name)) lines.push(`  ${hexOf(value)}`);
    else if (name === 'Device Scope Type') {
      const bus = fields.slice(at).find((field) => field.name === 'PCI Bus Number')?.value;
      const path: string[] = [];
      for (const field of fields.slice(at + 1)) {
        if (field.name === 'Device Scope Type' || SUBTABLE.test(field.name)) break;
        if (field.name === 'PCI Path') path.push(field.value.split(',').map(hexOf).join('.'));
      }
      lines.push(`  scope ${hexOf(value)} ${hexOf(bus ?? '')} ${path.join('/')}`);
    }
  }
  return lines;
};

const SCOPE_TYPES: readonly string[] = ['unknown', 'endpoint', 'bridge', 'io-apic', 'hpet', 'acpi-namespace'];

/** A structure as we read it. */
interface Own {
  readonly offset: number;
  readonly lines: readonly string[];
}

const ownDmar = (bytes: Uint8Array): Own[] => {
  const { drhds, rmrrs, atsrs, rhsas, andds, satcs } = parseDmar(bytes);
  type Scoped = { readonly scopes?: (typeof drhds)[number]['scopes'] };
  const structures: Own[] = [];
  const add = (one: { readonly offset: number } & Scoped, type: number, ...addresses: bigint[]) => {
    const scopes = (one.scopes ?? []).map(({ type: kind, startBus, path }) => {
      const steps = path.map(({ device, function: fn }) => `${hex(device)}.${hex(fn)}`).join('/');
      return `  scope ${hex(SCOPE_TYPES.indexOf(kind))} ${hex(startBus)} ${steps}`;
    });
    structures.push({
      offset: one.offset,
      lines: [`${one.offset} type ${hex(type)}`, ...addresses.map((address) => `  ${hex(address)}`), ...scopes],
    });
  };
  for (const one of drhds) add(one, 0, one.registerBase);
  for (const one of rmrrs) add(one, 1, one.base, one.limit);
  for (const one of atsrs) add(one, 2);
  for (const one of rhsas) add(one, 3, one.registerBase);
  for (const one of andds) add(one, 4);
  for (const one of satcs) add(one, 5);
  return structures;
};

/** Pads say nothing. */
const PADS = new Set(['0', '40']);

const ivrsLines = (fields: readonly Field[]): string[] =>
  fields.flatMap(({ offset, name, value }) => {
    if (name === 'Subtable Type') return [`${offset} type ${hexOf(value)}`];
    if (name === 'Entry Type') return PADS.has(hexOf(value)) ? [] : [`  ${offset} entry`];
    return ADDRESS.test(name) ? [`  ${hexOf(value)}`] : [];
  });

const IVMD_TYPES = { all: 0x20, one: 0x21, range: 0x22 };

const ownIvrs = (bytes: Uint8Array): Own[] => {
  const { ivhds, ivmds } = parseIvrs(bytes);
  return [
    ...ivhds.map(({ offset, type, base, entries }) => ({
      offset,
      lines: [`${offset} type ${hex(type)}`, `  ${hex(base)}`, ...entries.map((entry) => `  ${entry.offset} entry`)],
    })),
    ...ivmds.map(({ offset, start, length, devices }) => {
      const type =
        devices === undefined ? IVMD_TYPES.all : IVMD_TYPES[devices.first === devices.last ? 'one' : 'range'];
      return { offset, lines: [`${offset} type ${hex(type)}`, `  ${hex(start)}`, `  ${hex(length)}`] };
    }),
  ];
};

/** The mappings of a node have no place in the listing that tells them from another's: their numbers follow the node's. */
const IORT_NUMBERS = /^(?:Base Address|PCI Segment Number|Input base|ID Count|Output Base|Output Reference)$/;
const IORT_TYPES: readonly string[] = [
  'its-group',
  'named-component',
  'root-complex',
  'smmu-v2',
  'smmu-v3',
  'pmcg',
  'rmr',
];

const iortLines = (fields: readonly Field[]): string[] =>
  fields.flatMap(({ offset, name, value }) => {
    if (name === 'Type') return [`${offset} type ${hexOf(value)}`];
    return IORT_NUMBERS.test(name) ? [`  ${hexOf(value)}`] : [];
  });

const ownNumbers = (node: IortNode): readonly (number | bigint)[] => {
  switch (node.kind) {
    case 'root-complex':
      return [node.segment];
    case 'smmu-v2':
    case 'smmu-v3':
      return [node.baseAddress];
    default:
      return [];
  }
};

const ownIort = (bytes: Uint8Array): Own[] =>
  parseIort(bytes).nodes.map((node) => {
    const mappings = node.mappings.flatMap(({ inputBase, idCount, outputBase, outputReference }) => [
      inputBase,
      idCount,
      outputBase,
      outputReference,
    ]);
    const numbers = [...ownNumbers(node), ...mappings].map((number) => `  ${hex(number)}`);
    return {
      offset: node.offset,
      lines: [
        `${node.offset} type ${hex(node.kind === 'other' ? node.type : IORT_TYPES.indexOf(node.kind))}`,
        ...numbers,
      ],
    };
  });

/** How both sides list the structures of a table. */
interface Sides {
  readonly theirs: (fields: readonly Field[]) => string[];
  readonly ours: (bytes: Uint8Array) => Own[];
}

const SIDES: Readonly<Record<string, Sides>> = {
  DMAR: { theirs: dmarLines, ours: ownDmar },
  IVRS: { theirs: ivrsLines, ours: ownIvrs },
  IORT: { theirs: iortLines, ours: ownIort },
};

/** Compare one table. @returns Whether the disassembler reads it; where it does, both list the same. */
const compare = (name: string, bytes: Uint8Array): boolean => {
  const sides = SIDES[String.fromCharCode(...bytes.subarray(0, 4))];
  const listing = sides && disassemble(bytes);
  if (!listing) return false;
  const own = sides
    .ours(bytes)
    .filter(({ offset }) => offset < listing.end)
    .sort((a, b) => a.offset - b.offset);
  expect([name, own.flatMap(({ lines }) => lines)]).toEqual([name, sides.theirs(listing.fields)]);
  return true;
};

test('recorded tables hold the structures that iasl lists', async (context) => {
  needsProgram(context, 'iasl');
  const tables = new Map<string, readonly [string, Uint8Array]>();
  for (const { name, tree } of await recordedMachines(['vtd', 'amdvi', 'smmuv3', 'rules', 'asked'])) {
    for (const [signature, table] of Object.entries(machineOf(tree).firmware?.acpi ?? {})) {
      const bytes = toBytes(table, signature);
      tables.set(createHash('sha256').update(bytes).digest('hex'), [`${signature} of ${name}`, bytes]);
    }
  }
  const compared = [...tables.values()].filter(([name, bytes]) => compare(name, bytes));
  expect(compared.length).toBeGreaterThanOrEqual(40);
}, 120_000);

test('real tables hold the structures that iasl lists, or are refused with a code', async (context) => {
  needsProgram(context, 'iasl');
  const folder = needsCorpus(context, 'real/inputs');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:bin|dat|aml)$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  const outcomes = new Map<string, number>();
  for (const file of files) {
    const bytes = readFileSync(file);
    let outcome: string;
    try {
      outcome = compare(relative(folder, file), bytes) ? 'compared' : 'not compared';
    } catch (error) {
      if (!isIommuError(error)) throw error;
      expect(error.message).toMatch(/^[A-Z]{4}\+0x[0-9a-f]+: /);
      outcome = error.code;
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect(outcomes.get('compared')).toBeGreaterThan(24);
}, 120_000);
