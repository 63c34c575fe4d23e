import { type Diagnostic, isIommuError } from '@iommu/core';
import { describe, expect, test } from 'vitest';
import { parseDmar } from '../src/index.js';
import {
  allDrhd,
  andd,
  atsr,
  bridgeScope,
  dmar,
  dmarWith,
  drhd,
  endpointScope,
  rhsa,
  richDmar,
  rmrr,
  SCOPE,
  satc,
  scope,
  sidp,
  structure,
} from './support/dmar.js';

const reports = (bytes: Uint8Array): Diagnostic[] => {
  const found: Diagnostic[] = [];
  parseDmar(bytes, (diagnostic) => found.push(diagnostic));
  return found;
};

const error = (code: string, ...parts: string[]) =>
  expect.toSatisfy((thrown) => isIommuError(thrown, code) && parts.every((part) => thrown.message.includes(part)));

describe('the header', () => {
  test('gives the host address width in bits, one more than its byte says', () => {
    expect(parseDmar(dmarWith({ width: 45 })).hostAddressWidth).toBe(46);
  });

  test.each([
    [0, { interruptRemapping: false, platformOptIn: false }],
    [1, { interruptRemapping: true, platformOptIn: false }],
    [2, { interruptRemapping: false, platformOptIn: false }],
    [4, { interruptRemapping: false, platformOptIn: true }],
  ])('gives its flags %i', (flags, expected) => {
    expect(parseDmar(dmarWith({ flags }))).toMatchObject(expected);
  });

  test('tells a wrong checksum and goes on', () => {
    const bytes = dmar(allDrhd());
    bytes[9] = (bytes[9] ?? 0) ^ 1;
    const { checksumOk, drhds } = parseDmar(bytes);
    expect([checksumOk, drhds.length]).toEqual([false, 1]);
  });

  test('may be all there is', () => {
    expect(parseDmar(dmar())).toMatchObject({ drhds: [], rmrrs: [], checksumOk: true });
  });

  test('accepts the least width that Linux accepts', () => {
    expect(parseDmar(dmarWith({ width: 11 })).hostAddressWidth).toBe(12);
  });

  test('refuses a width below a page', () => {
    expect(() => parseDmar(dmarWith({ width: 10 }))).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x24', 'width 11'));
  });

  test('refuses another table', () => {
    const bytes = dmar();
    bytes[0] = 0x58;
    expect(() => parseDmar(bytes)).toThrow(error('ERR_TABLE_SIGNATURE'));
  });
});

test('reads a unit', () => {
  const [unit] = parseDmar(dmar(drhd({ base: 0xfed90000, segment: 3 }, endpointScope('00:02.0')))).drhds;
  expect(unit).toMatchObject({ offset: 48, includePciAll: false, segment: 3, registerBase: 0xfed90000n });
});

test('reads a unit for all other devices', () => {
  expect(parseDmar(dmar(allDrhd())).drhds[0]).toMatchObject({ includePciAll: true, scopes: [] });
});

test('reads a register base above 4 GiB', () => {
  const [unit] = parseDmar(dmar(drhd({ base: 0xc7fffc000n }))).drhds;
  expect(unit?.registerBase).toBe(0xc7fffc000n);
});

test('reads a reserved region with both ends inclusive', () => {
  const bytes = dmar(rmrr({ base: 0x8d000000n, limit: 0x8d7fffffn, segment: 1 }, bridgeScope('00:1c.0')));
  expect(parseDmar(bytes).rmrrs[0]).toMatchObject({ segment: 1, base: 0x8d000000n, limit: 0x8d7fffffn });
});

test('reads which root ports translate addresses', () => {
  const bytes = dmar(atsr({ segment: 2 }, bridgeScope('00:01.0')), atsr({ flags: 1 }));
  expect(parseDmar(bytes).atsrs).toMatchObject([
    { segment: 2, flag: false, scopes: [{ type: 'bridge' }] },
    { segment: 0, flag: true, scopes: [] },
  ]);
});

test('reads which integrated devices translate addresses', () => {
  expect(parseDmar(dmar(satc({ flags: 1, segment: 4 }, endpointScope('00:05.0')))).satcs).toMatchObject([
    { segment: 4, flag: true, scopes: [{ type: 'endpoint' }] },
  ]);
});

test('reads the NUMA node of a unit', () => {
  expect(parseDmar(dmar(rhsa(0xfed91000, 7))).rhsas).toMatchObject([{ registerBase: 0xfed91000n, proximityDomain: 7 }]);
});

test('reads a name-space device', () => {
  expect(parseDmar(dmar(andd(3, '\\_SB.PCI0.I2C0'))).andds).toMatchObject([
    { deviceNumber: 3, objectName: '\\_SB.PCI0.I2C0' },
  ]);
});

test('ends the name of a name-space device at its zero byte', () => {
  expect(parseDmar(dmar(andd(3, '\\_SB.I2C0', [0, 0x41, 0x42]))).andds[0]?.objectName).toBe('\\_SB.I2C0');
});

test('keeps each list in table order', () => {
  const { drhds } = parseDmar(dmar(drhd({ base: 2 }), rmrr({ base: 0, limit: 1 }), drhd({ base: 1 })));
  expect(drhds.map(({ registerBase }) => registerBase)).toEqual([2n, 1n]);
});

test('gives the offset of every structure from the table’s start', () => {
  const { drhds, rmrrs } = parseDmar(dmar(allDrhd(), rmrr({ base: 0, limit: 1 })));
  expect([drhds[0]?.offset, rmrrs[0]?.offset]).toEqual([48, 64]);
});

test('skips a structure that Linux has no use for, without a word', () => {
  expect(reports(dmar(sidp({}, endpointScope('00:05.0'))))).toEqual([]);
});

test('skips a structure of an unknown type and says so', () => {
  const bytes = dmar(structure(7, [1, 2]), allDrhd());
  expect([parseDmar(bytes).drhds.length, reports(bytes)]).toEqual([
    1,
    [
      expect.objectContaining({
        severity: 'firmware-bug',
        code: 'dmar-unknown-type',
        at: { table: 'DMAR', offset: 48 },
      }),
    ],
  ]);
});

test('ends at a structure of length 0 and says so', () => {
  const bytes = dmar(allDrhd(), structure(0, [], 0), allDrhd(0xfed92000));
  expect([parseDmar(bytes).drhds.length, reports(bytes)]).toEqual([
    1,
    [expect.objectContaining({ code: 'dmar-length-0', at: { table: 'DMAR', offset: 64 } })],
  ]);
});

test('reads a table with one of everything', () => {
  const { drhds, rmrrs, atsrs, rhsas, andds, satcs } = parseDmar(richDmar());
  expect([drhds, rmrrs, atsrs, rhsas, andds, satcs].map((list) => list.length)).toEqual([3, 1, 1, 1, 1, 1]);
});

describe('what Linux refuses', () => {
  test('a structure that passes the end of the table', () => {
    expect(() => parseDmar(dmar(structure(0, [], 5)))).toThrow(
      error('ERR_TABLE_FIELD', 'DMAR+0x30: structure of 5 bytes passes the end of the table at 52'),
    );
  });

  test('a header of a structure that passes the end of the table', () => {
    expect(() => parseDmar(dmar(allDrhd(), [0, 0, 0]))).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x40'));
  });

  test.each([
    ['a unit', 0, 16],
    ['a reserved region', 1, 24],
    ['root ports', 2, 8],
    ['a NUMA node', 3, 20],
    ['a name-space device', 4, 8],
    ['integrated devices', 5, 8],
  ])('%s in fewer bytes than its fields take', (_, type, needed) => {
    const short = structure(type, new Array<number>(needed - 5).fill(0));
    expect(() => parseDmar(dmar(short))).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x32', `expected at least ${needed}`));
  });

  test.each([
    ['without its zero byte', andd(1, '\\_SB', [])],
    ['that is empty without its zero byte', andd(1, '', [])],
  ])('the name of a name-space device %s', (_, bytes) => {
    expect(() => parseDmar(dmar(bytes))).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x38'));
  });

  test('a device scope shorter than its fields', () => {
    const bytes = dmar(drhd({ base: 1 }, scope(SCOPE.endpoint, '00:02.0', { length: 5 })));
    expect(() => parseDmar(bytes)).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x41', 'expected at least 6'));
  });

  test('a device scope of length 0', () => {
    const bytes = dmar(drhd({ base: 1 }, scope(SCOPE.endpoint, '00:02.0', { length: 0 })));
    expect(() => parseDmar(bytes)).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x41'));
  });

  test('a device scope that passes the end of its structure', () => {
    const bytes = dmar(drhd({ base: 1 }, scope(SCOPE.endpoint, '00:02.0', { length: 10 })), allDrhd());
    expect(() => parseDmar(bytes)).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x41', "passes its structure's end"));
  });

  test('a header of a device scope that passes the end of its structure', () => {
    expect(() => parseDmar(dmar(drhd({ base: 1 }, [1]), allDrhd()))).toThrow(error('ERR_TABLE_FIELD', 'DMAR+0x40'));
  });
});

test('does not know a table of which bytes are missing', () => {
  expect(() => parseDmar(dmar(allDrhd()).subarray(0, 60))).toThrow(error('ERR_TABLE_TRUNCATED'));
});
