import type { PciFunction } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { intelVtd, parseDmar } from '../src/index.js';
import { bridge, deviceAt, fn, machine, node, unitNames } from './support/platform.js';

const HOST = fn('00:00.0', { class: '060000' });
const GRAPHICS = fn('00:02.0', { class: '030000' });

const assume = (functions: readonly PciFunction[]) => intelVtd().assume?.(machine({ functions }).platform.devices);

/** The supposed table's units: `all of 0`, `00:02.0 of 0`. */
const unitsFor = (functions: readonly PciFunction[]): string[] => {
  const bytes = assume(functions)?.acpi['DMAR'];
  if (!bytes) return [];
  return parseDmar(bytes).drhds.map(({ includePciAll, segment, scopes }) => {
    const named = scopes.map(({ startBus, path }) => `${startBus}:${path[0]?.device}.${path[0]?.function}`);
    return `${includePciAll ? 'all' : named.join()} of ${segment}`;
  });
};

test('supposes one unit for all devices of a machine of Intel', () => {
  expect(unitsFor([HOST, fn('00:1f.0')])).toEqual(['all of 0']);
});

test('supposes a unit of its own for built-in graphics', () => {
  expect(unitsFor([HOST, GRAPHICS])).toEqual(['0:2.0 of 0', 'all of 0']);
});

test.each([
  ['graphics in a slot', [HOST, bridge('00:01.0', 1), fn('01:00.0', { class: '030000' })]],
  ['graphics of another vendor', [HOST, fn('00:02.0', { class: '030000', id: '1002:1234' })]],
])('supposes no unit of its own for %s', (_, functions) => {
  expect(unitsFor(functions)).toEqual(['all of 0']);
});

test('supposes a unit for all devices of each segment', () => {
  expect(unitsFor([HOST, fn('0002:00:00.0')])).toEqual(['all of 0', 'all of 2']);
});

test('supposes a unit for the last segment that a table can name', () => {
  expect(unitsFor([HOST, fn('ffff:00:00.0')])).toEqual(['all of 0', 'all of 65535']);
});

describe('the vendor of a machine is that of 00:00.0', () => {
  const AMD = { id: '1022:1450' };
  const inOrder = (...functions: PciFunction[]) => {
    const built = machine({ functions });
    return intelVtd().assume?.(functions.map(({ address }) => deviceAt(built, address))) !== undefined;
  };

  test('whatever comes before it', () => {
    expect(inOrder(fn('00:02.0', AMD), HOST)).toBe(true);
    expect(inOrder(fn('00:02.0'), { ...HOST, ...AMD })).toBe(false);
  });

  test('and not of that of another segment', () => {
    expect(inOrder(fn('0001:00:00.0', AMD), HOST)).toBe(true);
  });
});

test('supposes no unit for a segment of a host that makes its own', () => {
  expect(unitsFor([HOST, fn('00:0e.0'), fn('10000:e0:00.0', { segmentHost: '00:0e.0' })])).toEqual(['all of 0']);
});

test.each([
  ['another vendor', [fn('00:00.0', { id: '1022:1450' }), fn('00:02.0')]],
  ['no PCI function', []],
])('supposes nothing of a machine with %s', (_, functions) => {
  expect(assume(functions)).toBeUndefined();
});

test('knows a machine by its first function where 00:00.0 was not read', () => {
  expect(unitsFor([fn('00:1f.0')])).toEqual(['all of 0']);
});

test('supposes nothing of devices that are no PCI functions', () => {
  expect(intelVtd().assume?.([node('\\_SB.I2C0')])).toBeUndefined();
});

describe('the supposed table', () => {
  test('has a right checksum', () => {
    const bytes = assume([HOST, GRAPHICS])?.acpi['DMAR'] ?? new Uint8Array();
    expect(parseDmar(bytes).checksumOk).toBe(true);
  });

  test('reserves no memory', () => {
    const bytes = assume([HOST, GRAPHICS])?.acpi['DMAR'] ?? new Uint8Array();
    expect(parseDmar(bytes).rmrrs).toEqual([]);
  });

  test('gives each unit registers of its own', () => {
    const functions = [HOST, GRAPHICS, fn('0001:00:00.0'), fn('0002:00:00.0')];
    const dmar = assume(functions)?.acpi['DMAR'] ?? new Uint8Array();
    expect(unitNames({ dmar, functions })).toEqual(['dmar0', 'dmar1', 'dmar2', 'dmar3']);
    const bases = parseDmar(dmar).drhds.map(({ registerBase }) => registerBase);
    expect(bases).toEqual([0xfed90000n, 0xfed91000n, 0xfed92000n, 0xfed93000n]);
  });
});

test.each([
  ['with graphics', [HOST, GRAPHICS], /0000:00:02\.0.*all other devices/],
  ['without graphics', [HOST], /one VT-d unit for all devices/],
])('says what it supposed of a machine %s', (_, functions, text) => {
  expect(assume(functions)?.text).toMatch(text);
});
