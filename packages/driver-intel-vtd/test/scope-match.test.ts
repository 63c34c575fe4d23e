import type { Diagnostic } from '@iommu/core';
import type { PciFunction } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { type DeviceScope, parseDmar } from '../src/index.js';
import { isAtOrBelow, matchScope, scopeTypeMismatch } from '../src/scope-match.js';
import { dmar, drhd, SCOPE, scope } from './support/dmar.js';
import { bridge, deviceAt, fn, machine } from './support/platform.js';

/** A switch below a root port, with an endpoint at its end; a second root bus. */
const FUNCTIONS: readonly PciFunction[] = [
  fn('00:02.0'),
  bridge('00:1c.4', 1, { subordinateBus: 4 }),
  bridge('01:00.0', 2, { express: 'upstream-port', subordinateBus: 4 }),
  bridge('02:01.0', 4, { express: 'downstream-port' }),
  fn('04:00.1'),
  fn('80:04.0'),
  bridge('80:05.0', 0x81),
  fn('81:00.0'),
];

const scopeOf = (path: string, type: number = SCOPE.endpoint): DeviceScope =>
  parseDmar(dmar(drhd({ base: 1 }, scope(type, path)))).drhds[0]?.scopes[0] as DeviceScope;

/** The function that a scope names, and what was said about it. */
const match = (path: string, { functions = FUNCTIONS, segment = 0, type = SCOPE.endpoint as number } = {}) => {
  const found: Diagnostic[] = [];
  const device = matchScope(machine({ functions }).topology, segment, scopeOf(path, type), (one) => found.push(one));
  return { name: device?.name, reports: found.map(({ code }) => code) };
};

describe('a path', () => {
  test('of one step names a function of the root bus', () => {
    expect(match('00:02.0')).toEqual({ name: '0000:00:02.0', reports: [] });
  });

  test('of several steps names a function behind bridges, whatever the bus numbers there', () => {
    expect(match('00:1c.4/00.0/01.0/00.1')).toEqual({ name: '0000:04:00.1', reports: [] });
  });

  test('names a bridge on its way', () => {
    expect(match('00:1c.4/00.0', { type: SCOPE.bridge }).name).toBe('0000:01:00.0');
  });

  test('starts at another root bus', () => {
    expect(match('80:05.0/00.0')).toEqual({ name: '0000:81:00.0', reports: [] });
  });

  test('names nothing where a step leads to no function', () => {
    expect(match('00:1c.4/00.0/02.0').name).toBeUndefined();
  });

  test('names nothing by the step after one that leads to no function', () => {
    expect(match('00:1f.0/02.0').name).toBeUndefined();
  });

  test('names the last function of a device', () => {
    expect(match('00:02.7', { functions: [fn('00:02.7')] }).name).toBe('0000:00:02.7');
  });

  test('names a function of the last segment that a table can name', () => {
    const functions = [fn('ffff:00:02.0')];
    expect(match('00:02.0', { segment: 0xffff, functions }).name).toBe('ffff:00:02.0');
  });

  test('names nothing behind a function that is no bridge', () => {
    expect(match('00:02.0/00.0').name).toBeUndefined();
  });

  test('of several steps names nothing when it starts behind a bridge', () => {
    expect(match('01:00.0/01.0').name).toBeUndefined();
  });

  test('names nothing without a step', () => {
    expect(match('00:').name).toBeUndefined();
  });

  test('names nothing in another segment', () => {
    expect(match('00:02.0', { segment: 1 }).name).toBeUndefined();
  });

  test('names a function in the segment of its structure', () => {
    expect(match('00:02.0', { segment: 1, functions: [fn('0001:00:02.0')] }).name).toBe('0001:00:02.0');
  });

  test('never names a function of a host that makes its own segment', () => {
    const functions = [fn('00:0e.0'), fn('10000:00:02.0', { segmentHost: '00:0e.0' })];
    expect(match('00:02.0', { segment: 0x10000, functions }).name).toBeUndefined();
  });

  test.each([
    ['a device number above 31', '00:20.0', '01:00.0'],
    ['a function number above 7', '00:02.8', '00:03.0'],
  ])('names nothing by %s, though the bits of another function add up to it', (_, path, other) => {
    expect(match(path, { functions: [fn(other), fn('00:00.0')] }).name).toBeUndefined();
  });
});

describe('a single step that starts behind a bridge', () => {
  test('names the function with that bus number', () => {
    expect(match('04:00.1').name).toBe('0000:04:00.1');
  });

  test('is reported as a firmware bug', () => {
    expect(match('04:00.1').reports).toEqual(['dmar-scope-path']);
  });

  test('names nothing where no such function is, and says nothing', () => {
    expect(match('04:00.0')).toEqual({ name: undefined, reports: [] });
  });
});

describe('a virtual function', () => {
  const functions = [
    ...FUNCTIONS,
    fn('05:00.0', { physicalFunction: '04:00.1' }),
    fn('04:00.2', { physicalFunction: '04:00.1' }),
  ];

  test('is not named by a path', () => {
    expect(match('00:1c.4/00.0/01.0/00.2', { functions }).name).toBeUndefined();
  });

  test('is not named by its bus number', () => {
    expect(match('05:00.0', { functions }).name).toBeUndefined();
  });
});

test.each([
  ['an I/O APIC', SCOPE.ioApic],
  ['an HPET', SCOPE.hpet],
  ['a name-space device', SCOPE.namespace],
  ['something unknown', 9],
])('a scope that names %s names no function', (_, type) => {
  expect(match('00:02.0', { type }).name).toBeUndefined();
});

describe('the kind of a scope', () => {
  const mismatch = (type: number, one: PciFunction): boolean => {
    const built = machine({ functions: [one] });
    return scopeTypeMismatch(scopeOf('00:02.0', type), deviceAt(built, '00:02.0'));
  };
  const { endpoint, bridge: bridgeScope } = SCOPE;

  test.each<[string, number, PciFunction, boolean]>([
    ['an endpoint suits the header of a device', endpoint, fn('00:02.0'), false],
    ['an endpoint contradicts the header of a bridge', endpoint, bridge('00:02.0', 1), true],
    ['an endpoint contradicts the header of a CardBus bridge', endpoint, fn('00:02.0', { headerType: 2 }), true],
    ['a bridge suits the header of a bridge', bridgeScope, bridge('00:02.0', 1), false],
    ['a bridge contradicts the header of a device', bridgeScope, fn('00:02.0'), true],
    [
      'a bridge suits a host bridge, though its header is that of a device',
      bridgeScope,
      fn('00:02.0', { class: '060000' }),
      false,
    ],
    [
      'a bridge suits a bridge header, though its class is that of a device',
      bridgeScope,
      bridge('00:02.0', 1, { class: '020000' }),
      false,
    ],
  ])('%s', (_, type, one, expected) => {
    expect(mismatch(type, one)).toBe(expected);
  });

  test('contradicts nothing of which the header was not read', () => {
    const { headerType: _, ...one } = fn('00:02.0');
    expect(mismatch(endpoint, one)).toBe(false);
  });

  test('a bridge contradicts nothing of which the class was not read', () => {
    const { class: _, ...one } = fn('00:02.0');
    expect(mismatch(bridgeScope, one)).toBe(false);
  });
});

describe('below a scope’s bridge', () => {
  const built = machine({ functions: [...FUNCTIONS, fn('0001:02:00.0')] });
  const below = (address: string, above: string) => isAtOrBelow(deviceAt(built, address), deviceAt(built, above));

  test('is the bridge itself', () => {
    expect(below('00:1c.4', '00:1c.4')).toBe(true);
  });

  test('is what is on its bus', () => {
    expect(below('01:00.0', '00:1c.4')).toBe(true);
  });

  test('is what is on any bus up to its highest', () => {
    expect(below('04:00.1', '00:1c.4')).toBe(true);
  });

  test('is not what is beside it', () => {
    expect(below('00:02.0', '00:1c.4')).toBe(false);
  });

  test('is not what is behind another', () => {
    expect(below('81:00.0', '00:1c.4')).toBe(false);
  });

  test('is not what has such a bus number in another segment', () => {
    expect(below('0001:02:00.0', '00:1c.4')).toBe(false);
  });

  test('is nothing where the scope names no bridge', () => {
    expect(below('80:05.0', '80:04.0')).toBe(false);
  });
});
