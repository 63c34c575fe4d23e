import type { Diagnostic } from '@iommu/core';
import { expect, test } from 'vitest';
import { type DeviceScope, formatScope, parseDmar } from '../src/index.js';
import { dmar, drhd, SCOPE, scope } from './support/dmar.js';

const scopesOf = (...scopes: number[][]): readonly DeviceScope[] =>
  parseDmar(dmar(drhd({ base: 1 }, ...scopes))).drhds[0]?.scopes ?? [];

test.each([
  ['endpoint', 1],
  ['bridge', 2],
  ['io-apic', 3],
  ['hpet', 4],
  ['acpi-namespace', 5],
  ['unknown', 0],
  ['unknown', 6],
  ['unknown', 255],
])('knows the kind %s by its number %i', (type, value) => {
  expect(scopesOf(scope(value, '00:02.0'))[0]?.type).toBe(type);
});

test('says so when it does not know a kind, and only then', () => {
  const found: Diagnostic[] = [];
  const structure = drhd({ base: 1 }, scope(9, '00:02.0'), scope(SCOPE.endpoint, '00:02.0'));
  parseDmar(dmar(structure), (diagnostic) => found.push(diagnostic));
  expect(found).toMatchObject([
    { severity: 'firmware-bug', code: 'dmar-scope-type', at: { table: 'DMAR', offset: 64 } },
  ]);
});

test('reads a path of several steps from its start bus', () => {
  expect(scopesOf(scope(SCOPE.bridge, '80:1c.7/00.0/1f.3'))[0]).toMatchObject({
    startBus: 0x80,
    path: [
      { device: 0x1c, function: 7 },
      { device: 0, function: 0 },
      { device: 0x1f, function: 3 },
    ],
  });
});

test('reads an entry without a path', () => {
  expect(scopesOf(scope(SCOPE.endpoint, '00:'))[0]?.path).toEqual([]);
});

test('leaves out the last byte of a path of odd length', () => {
  expect(scopesOf([...scope(SCOPE.endpoint, '00:02.0', { length: 9 }), 5])[0]?.path).toEqual([
    { device: 2, function: 0 },
  ]);
});

test('reads the enumeration id', () => {
  expect(scopesOf(scope(SCOPE.ioApic, 'f0:1f.0', { id: 2 }))[0]?.enumerationId).toBe(2);
});

test('keeps table order, each with its offset from the table’s start', () => {
  const scopes = scopesOf(scope(SCOPE.endpoint, '00:02.0'), scope(SCOPE.endpoint, '00:1c.0/00.0'), scope(4, '00:1f.0'));
  expect(scopes.map(({ offset }) => offset)).toEqual([64, 72, 82]);
});

test('writes a scope as start bus and steps', () => {
  expect(scopesOf(scope(SCOPE.bridge, '80:1c.7/00.0')).map(formatScope)).toEqual(['80:1c.7/00.0']);
});
