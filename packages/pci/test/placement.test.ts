import { describe, expect, test } from 'vitest';
import type { PciFunction } from '../src/index.js';
import { endpoint, rcEndpoint, rootPort, unread, virtualFunction } from './support/functions.js';
import { at, topologyOf } from './support/topology.js';

/* Where a function belongs when bus numbers alone do not say it. */

const OPEN = unread(rootPort('00:1c.0', 1), 'secondaryBus', 'subordinateBus');

/** What is above the bus of a function: the bridge to it, or `beside` one, or nothing; and whether that is sure. */
const above = (address: string, ...functions: readonly PciFunction[]): string => {
  const { self, parent, parentUnknown } = at(topologyOf(functions), address).pciBus;
  const doubt = parentUnknown ? '?' : '';
  if (self) return `${self.name.slice(5)}${doubt}`;
  return parent ? `beside ${parent.segment}:${parent.number}${doubt}` : `root${doubt}`;
};

describe('the parent that a function states', () => {
  test('is the bridge to its bus, where that one states no bus', () => {
    expect(above('05:00.0', OPEN, endpoint('05:00.0', { parent: '00:1c.0' }))).toBe('00:1c.0');
  });

  test('leads to the bus of the first function that names it', () => {
    const functions = [endpoint('05:00.0', { parent: '00:1c.0' }), endpoint('06:00.0', { parent: '00:1c.0' })];
    expect(above('05:00.0', OPEN, ...functions)).toBe('00:1c.0');
    expect(above('06:00.0', OPEN, ...functions)).toBe('beside 0:5');
  });

  test('counts for nothing where another bridge states the bus', () => {
    const functions = [OPEN, rootPort('00:1d.0', 5), endpoint('05:00.0', { parent: '00:1c.0' })];
    expect(above('05:00.0', ...functions)).toBe('00:1d.0');
  });

  test('leads nowhere when it is on a higher bus, or on the same', () => {
    expect(above('05:00.0', rootPort('06:00.0', 7), endpoint('05:00.0', { parent: '06:00.0' }))).toBe('beside 0:7');
    const same = [
      unread(rootPort('05:1c.0', 6), 'secondaryBus', 'subordinateBus'),
      endpoint('05:00.0', { parent: '05:1c.0' }),
    ];
    expect(topologyOf(same).devices.map(({ subordinate }) => subordinate)).toEqual([undefined, undefined]);
  });

  test('counts for nothing in another segment', () => {
    expect(
      above('05:00.0', { ...OPEN, address: '0001:00:1c.0' }, endpoint('05:00.0', { parent: '0001:00:1c.0' })),
    ).toBe('root');
  });

  test('counts for nothing where another bridge states the bus, though the function was found before that one', () => {
    const functions = [OPEN, rootPort('00:1d.0', 5), endpoint('05:00.0', { parent: '00:1c.0' })];
    const topology = topologyOf(functions, {}, { order: ['05:00.0'] });
    expect(at(topology, '05:00.0').pciBus.self).toBe(at(topology, '00:1d.0'));
  });

  test('is looked for among what was plugged in, too', () => {
    const topology = topologyOf([endpoint('00:02.0')]);
    const bridge = topology.add(OPEN);
    expect(topology.add(endpoint('05:00.0', { parent: '00:1c.0' })).pciBus.parent).toBe(bridge.pciBus);
  });

  test('counts for nothing when it is the function itself', () => {
    const { devices, parent } = at(topologyOf([endpoint('05:00.0', { parent: '05:00.0' })]), '05:00.0').pciBus;
    expect([devices.length, parent]).toEqual([1, undefined]);
  });

  test('of a virtual function counts for nothing: its bus hangs beside that of the physical one', () => {
    const virtual = virtualFunction('05:00.0', '01:00.0', { parent: '00:1c.0' });
    expect(above('05:00.0', OPEN, rootPort('00:1d.0', 1), endpoint('01:00.0'), virtual)).toBe('beside 0:1');
  });
});

describe('the physical function of a virtual one', () => {
  test('counts for nothing when it is the function itself: its bus hangs on the bridge around it', () => {
    const functions = [rootPort('00:1c.0', 1, { subordinateBus: 9 }), virtualFunction('05:00.0', '05:00.0')];
    expect(above('05:00.0', ...functions)).toBe('beside 0:1?');
  });

  test('is placed before it, though it is on the same bus and was found later', () => {
    const functions = [endpoint('01:00.0'), virtualFunction('01:10.0', '01:00.0')];
    const topology = topologyOf(functions, {}, { order: ['01:10.0', '01:00.0'] });
    expect(at(topology, '01:10.0').physicalFunction).toBe(at(topology, '01:00.0'));
  });

  test('counts for nothing in another segment', () => {
    const functions = [endpoint('0001:01:00.0'), virtualFunction('05:00.0', '0001:01:00.0')];
    expect(above('05:00.0', ...functions)).toBe('root');
  });
});

describe('a bus to which no bridge leads', () => {
  test('is in doubt while a bridge of its segment was not read', () => {
    expect(above('05:00.0', OPEN, endpoint('05:00.0'))).toBe('root?');
    expect(above('05:00.0', { ...OPEN, address: '0001:00:1c.0' }, endpoint('05:00.0'))).toBe('root');
  });

  test.each([
    ['a bridge by its class, of which the header was not read', unread(OPEN, 'headerType'), 'root?'],
    ['a device by its class, of which the header was not read', unread(endpoint('00:1c.0'), 'headerType'), 'root'],
    ['nothing by its class, of which the header was not read', unread(OPEN, 'headerType', 'class'), 'root'],
    ['a device by its header, whatever its class', rcEndpoint('00:1c.0', { class: '060400' }), 'root'],
    ['a CardBus bridge', endpoint('00:1c.0', { headerType: 2, class: '060700' }), 'root'],
    ['a bridge by its header, whatever its class', { ...OPEN, class: '020000' }, 'root?'],
    ['a bridge that leads to another bus', rootPort('00:1c.0', 9), 'root'],
    ['a bridge whose bus number was never set', rootPort('00:1c.0', 0), 'root'],
  ])('beside %s', (_, other, expected) => {
    expect(above('05:00.0', other, endpoint('05:00.0'))).toBe(expected);
  });

  test('is not in doubt once a function names the bridge that was not read', () => {
    expect(above('05:00.0', OPEN, endpoint('07:00.0', { parent: '00:1c.0' }), endpoint('05:00.0'))).toBe('root');
  });

  test.each([
    ['04:00.0', 'beside 0:2?'],
    ['05:00.0', 'root'],
  ])('hangs on the bridge around it, up to the last bus of that: %s', (address, expected) => {
    expect(above(address, rootPort('00:1c.0', 2, { subordinateBus: 4 }), endpoint(address))).toBe(expected);
  });

  test('does not hang on a bridge that only stated parents lead to', () => {
    expect(above('05:00.0', OPEN, endpoint('03:00.0', { parent: '00:1c.0' }), endpoint('05:00.0'))).toBe('root');
  });
});

test('two bridges that state one bus: the first has it', () => {
  const functions = [rootPort('00:1c.0', 1), rootPort('00:1d.0', 1), endpoint('01:00.0')];
  expect(above('01:00.0', ...functions)).toBe('00:1c.0');
  expect(at(topologyOf(functions), '00:1d.0').subordinate).toBeUndefined();
});

test('a bridge that is plugged in leads to its bus', () => {
  const topology = topologyOf([endpoint('00:02.0')]);
  topology.add(rootPort('00:1c.0', 1));
  expect(topology.add(endpoint('01:00.0')).pciBus.self).toBe(at(topology, '00:1c.0'));
});

test('buses of one number in two segments are two', () => {
  const functions = [
    rootPort('00:1c.0', 1),
    { ...rootPort('0001:00:1c.0', 1) },
    endpoint('01:00.0'),
    endpoint('0001:01:00.0'),
  ];
  expect(above('01:00.0', ...functions)).toBe('00:1c.0');
  expect(at(topologyOf(functions), '0001:01:00.0').pciBus.self?.name).toBe('0001:00:1c.0');
});

test('a bus of a high segment is not taken for one of a low segment', () => {
  expect(above('0100:00:00.0', rootPort('00:1c.0', 1), endpoint('0100:00:00.0'))).toBe('root');
});
