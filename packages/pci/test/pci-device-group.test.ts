import { describe, expect, test } from 'vitest';
import type { PciFunction } from '../src/index.js';
import {
  ACS_EMPTY,
  ACS_OFF,
  ACS_ON,
  conventional,
  downstreamPort,
  endpoint,
  pciBridge,
  pcieToPci,
  rcEndpoint,
  rootPort,
  upstreamPort,
  virtualFunction,
} from './support/functions.js';
import { groupsOf } from './support/toy-driver.js';

const several = { multifunction: true };
const PORT = rootPort('00:01.0', 1, { acs: ACS_ON, subordinateBus: 9 });
const OPEN_PORT = rootPort('00:01.0', 1, { subordinateBus: 9 });

/** Two functions of one endpoint. */
const pair = (address: string, acs: PciFunction['acs'], more: Partial<PciFunction> = {}): PciFunction[] => [
  endpoint(`${address}.0`, { ...several, acs: acs ?? null, ...more }),
  endpoint(`${address}.1`, { ...several, acs: acs ?? null, ...more }),
];

describe('a root port', () => {
  test('without ACS shares its group with the endpoint below it', () => {
    expect(groupsOf([OPEN_PORT, endpoint('01:00.0')])).toEqual(['00:01.0 01:00.0']);
  });

  test('with ACS leaves a single-function endpoint a group of its own', () => {
    expect(groupsOf([PORT, endpoint('01:00.0')])).toEqual(['00:01.0', '01:00.0']);
  });

  test('with ACS switched off shares its group with the endpoint below it', () => {
    expect(groupsOf([{ ...PORT, acs: ACS_OFF }, endpoint('01:00.0')])).toEqual(['00:01.0 01:00.0']);
  });
});

describe('the functions of one endpoint below an isolating port', () => {
  test('share a group without ACS', () => {
    expect(groupsOf([PORT, ...pair('01:00', null)])).toEqual(['00:01.0', '01:00.0 01:00.1']);
  });

  test('have groups of their own with ACS', () => {
    expect(groupsOf([PORT, ...pair('01:00', ACS_ON)])).toEqual(['00:01.0', '01:00.0', '01:00.1']);
  });

  test('have groups of their own with an ACS capability that advertises nothing', () => {
    expect(groupsOf([PORT, ...pair('01:00', ACS_EMPTY)])).toEqual(['00:01.0', '01:00.0', '01:00.1']);
  });

  test('have groups of their own when a quirk says that they isolate', () => {
    expect(groupsOf([PORT, ...pair('01:00', null, { id: '8086:10c9' })])).toEqual(['00:01.0', '01:00.0', '01:00.1']);
  });

  test('share a group only with those that do not isolate either', () => {
    const third = endpoint('01:00.2', { ...several, acs: ACS_ON });
    expect(groupsOf([PORT, ...pair('01:00', null), third])).toEqual(['00:01.0', '01:00.0 01:00.1', '01:00.2']);
  });

  test('share nothing with the functions of another slot', () => {
    expect(groupsOf([...pair('00:03', null), ...pair('00:04', null)])).toEqual(['00:03.0 00:03.1', '00:04.0 00:04.1']);
  });
});

describe('functions of the chipset', () => {
  test('share a group by slot when they are conventional', () => {
    const functions = ['00:1f.0', '00:1f.3', '00:1f.4', '00:1f.5'].map((address) => conventional(address, several));
    expect(groupsOf(functions)).toEqual(['00:1f.0 00:1f.3 00:1f.4 00:1f.5']);
  });

  test('leave the one that isolates out of their group', () => {
    const functions = [
      rcEndpoint('00:1f.0', several),
      rcEndpoint('00:1f.2', several),
      rcEndpoint('00:1f.6', { ...several, acs: ACS_ON }),
    ];
    expect(groupsOf(functions)).toEqual(['00:1f.0 00:1f.2', '00:1f.6']);
  });

  test('have groups of their own when they are integrated PCI Express endpoints of Intel', () => {
    const functions = ['00:14.0', '00:14.2'].map((address) => rcEndpoint(address, { ...several, id: '8086:a0ed' }));
    expect(groupsOf(functions)).toEqual(['00:14.0', '00:14.2']);
  });

  test('share a group before 5.8 though they are integrated endpoints of Intel', () => {
    const functions = ['00:14.0', '00:14.2'].map((address) => rcEndpoint(address, { ...several, id: '8086:a0ed' }));
    expect(groupsOf(functions, { release: '5.7' })).toEqual(['00:14.0 00:14.2']);
  });
});

test('root ports of one slot without ACS share a group with everything below both', () => {
  const functions = [
    rootPort('00:1c.0', 1, several),
    rootPort('00:1c.4', 2, several),
    endpoint('01:00.0'),
    endpoint('02:00.0'),
  ];
  expect(groupsOf(functions)).toEqual(['00:1c.0 00:1c.4 01:00.0 02:00.0']);
});

describe('behind a bridge to PCI', () => {
  test('everything shares the group of the bridge', () => {
    const functions = [PORT, pcieToPci('01:00.0', 2), conventional('02:01.0'), conventional('02:02.0')];
    expect(groupsOf(functions)).toEqual(['00:01.0', '01:00.0 02:01.0 02:02.0']);
  });

  test('everything shares the group of a bridge on the root bus', () => {
    expect(groupsOf([pcieToPci('00:03.0', 1), conventional('01:01.0')])).toEqual(['00:03.0 01:01.0']);
  });

  test('everything shares the group of the bridge, though it passes ids on', () => {
    const ast = pcieToPci('01:00.0', 2, { id: '1a03:1150' });
    expect(groupsOf([PORT, ast, conventional('02:00.0', { id: '1a03:2000' })])).toEqual(['00:01.0', '01:00.0 02:00.0']);
  });
});

test('everything behind a conventional bridge on the root bus shares its group', () => {
  const functions = [pciBridge('00:1e.0', 1, { id: '8086:244e' }), conventional('01:01.0'), conventional('01:02.0')];
  expect(groupsOf(functions)).toEqual(['00:1e.0 01:01.0 01:02.0']);
});

describe('virtual functions', () => {
  const VFS = [virtualFunction('01:10.0', '01:00.0'), virtualFunction('02:10.0', '01:00.0')];

  test('have groups of their own below an isolating port, on the bus of the physical function and off it', () => {
    expect(groupsOf([PORT, endpoint('01:00.0'), ...VFS])).toEqual(['00:01.0', '01:00.0', '01:10.0', '02:10.0']);
  });

  test('have groups of their own beside physical functions that share one', () => {
    const groups = ['00:01.0', '01:00.0 01:00.1', '01:10.0', '02:10.0'];
    expect(groupsOf([PORT, ...pair('01:00', null), ...VFS])).toEqual(groups);
  });

  test('share the group of a port that does not isolate', () => {
    expect(groupsOf([OPEN_PORT, endpoint('01:00.0'), ...VFS])).toEqual(['00:01.0 01:00.0 01:10.0 02:10.0']);
  });
});

describe('a function that uses the id of another', () => {
  const marvell = (more: Partial<PciFunction> = {}) => endpoint('01:00.0', { id: '1b4b:9230', ...several, ...more });

  test('shares its group, though that one isolates', () => {
    const functions = [PORT, marvell({ acs: ACS_ON }), endpoint('01:00.1', { acs: ACS_ON })];
    expect(groupsOf(functions)).toEqual(['00:01.0', '01:00.0 01:00.1']);
  });

  test('is alone when that one does not exist', () => {
    expect(groupsOf([PORT, marvell()])).toEqual(['00:01.0', '01:00.0']);
  });

  test('brings the functions that share a group with that one', () => {
    const mic = endpoint('01:02.0', { id: '8086:2260' });
    const functions = [PORT, mic, ...pair('01:10', null)];
    expect(groupsOf(functions)).toEqual(['00:01.0', '01:02.0 01:10.0 01:10.1']);
  });

  test('shares one group with its whole bus when it uses every id of it', () => {
    const functions = [PORT, endpoint('01:00.0', { id: '10b5:87b0' }), endpoint('01:03.0'), endpoint('01:05.0')];
    expect(groupsOf(functions)).toEqual(['00:01.0', '01:00.0 01:03.0 01:05.0']);
  });

  test('shares the group of a present function that firmware names', () => {
    const functions = [endpoint('00:03.0'), endpoint('00:04.0')];
    expect(groupsOf(functions, {}, { aliasesOf: ({ devfn }) => (devfn === 0x18 ? [0x20] : []) })).toEqual([
      '00:03.0 00:04.0',
    ]);
  });

  test('does not share a group with another that firmware gives the same absent function', () => {
    const functions = [endpoint('00:03.0'), endpoint('00:04.0')];
    expect(groupsOf(functions, {}, { aliasesOf: () => [0xa0] })).toEqual(['00:03.0', '00:04.0']);
  });
});

test('everything in the segment of a VMD endpoint shares its group', () => {
  const functions = [
    endpoint('00:0e.0', { id: '8086:9a0b' }),
    rootPort('10000:e0:06.0', 0xe1, { segmentHost: '00:0e.0', acs: ACS_ON }),
    endpoint('10000:e1:00.0'),
  ];
  expect(groupsOf(functions)).toEqual(['00:0e.0 10000:e0:06.0 10000:e1:00.0']);
});

describe('below a switch', () => {
  const tower = (first: PciFunction['acs'], second: PciFunction['acs']): PciFunction[] => [
    PORT,
    upstreamPort('01:00.0', 2, { subordinateBus: 9 }),
    downstreamPort('02:01.0', 3, { acs: first ?? null }),
    downstreamPort('02:02.0', 4, { acs: second ?? null }),
    endpoint('03:00.0'),
    endpoint('04:00.0'),
  ];

  test('one port without ACS has a group with what is below it, the other with ACS has not', () => {
    expect(groupsOf(tower(null, ACS_ON))).toEqual(['00:01.0', '01:00.0', '02:01.0 03:00.0', '02:02.0', '04:00.0']);
  });

  test('two ports without ACS have two groups', () => {
    expect(groupsOf(tower(null, null))).toEqual(['00:01.0', '01:00.0', '02:01.0 03:00.0', '02:02.0 04:00.0']);
  });

  test('everything shares the group of a root port without ACS', () => {
    const [, ...rest] = tower(ACS_ON, ACS_ON);
    expect(groupsOf([OPEN_PORT, ...rest])).toEqual(['00:01.0 01:00.0 02:01.0 02:02.0 03:00.0 04:00.0']);
  });
});
