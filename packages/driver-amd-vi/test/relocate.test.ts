import type { Device } from '@iommu/core';
import type { PciFunction } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { amdVi, type DeviceEntry, parseIvrs } from '../src/index.js';
import {
  acpiHid,
  aliasSelect,
  aliasStart,
  all,
  end,
  ivhd,
  ivmd,
  ivrs,
  pad4,
  select,
  special,
  start,
} from './support/ivrs.js';
import { bridge, fn, machine, UNIT, unitFunction } from './support/platform.js';

interface Moved {
  readonly table: Uint8Array;
  readonly before: readonly PciFunction[];
  readonly after: readonly PciFunction[];
  /** Address before to address after; others stay, those that are not after are gone. */
  readonly moves?: Readonly<Record<string, string>>;
  readonly bypassed?: readonly string[];
}

const hex = (rid: number): string =>
  `${(rid >> 8).toString(16).padStart(2, '0')}:${((rid >> 3) & 31).toString(16).padStart(2, '0')}.${rid & 7}`;

const spell = (entry: DeviceEntry): string => {
  if (entry.kind === 'all') return 'all';
  const alias = 'alias' in entry && entry.alias !== undefined ? ` as ${hex(entry.alias)}` : '';
  return `${entry.kind} ${hex(entry.deviceId)}${alias}`;
};

const relocate = ({ table, before, after, moves = {}, bypassed = [] }: Moved) => {
  const old = machine({ functions: before, ivrs: table });
  const fresh = machine({ functions: after });
  const devices = new Map<Device, Device | undefined>(
    old.topology.devices.map((one) => [one, fresh.topology.find(moves[one.name.slice(5)] ?? one.name)]),
  );
  const written = amdVi().relocate?.(old.platform, {
    devices,
    after: fresh.topology.devices,
    bypassed: new Set(fresh.topology.devices.filter(({ name }) => bypassed.includes(name.slice(5)))),
  })?.['IVRS'];
  const parsed = written && parseIvrs(written);
  return {
    isWritten: written !== undefined,
    checksumOk: parsed?.checksumOk,
    blocks: parsed?.ivhds.map(({ entries }) => entries.map(spell)) ?? [],
    memory: parsed?.ivmds.map((one) => one.devices && `${hex(one.devices.first)}-${hex(one.devices.last)}`) ?? [],
  };
};

const PORTS = [UNIT, bridge('00:01.1', 1), bridge('00:01.2', 2), bridge('00:01.3', 3)];
const one = (...entries: number[][]) => ivrs(ivhd({}, ...entries));

test('leaves a table alone in which everything that moved is named where it is now', () => {
  const moved = {
    before: [...PORTS, fn('01:00.0')],
    after: [...PORTS, fn('02:00.0')],
    moves: { '01:00.0': '02:00.0' },
  };
  expect(relocate({ ...moved, table: one(all) }).isWritten).toBe(false);
  expect(relocate({ ...moved, table: one(start('00:00.3'), end('ff:1f.6'), acpiHid('00:13.1')) }).isWritten).toBe(
    false,
  );
});

describe('where ids are named one by one', () => {
  const table = one(
    pad4,
    select('00:01.1'),
    start('01:00.0'),
    end('01:1f.7'),
    start('02:00.0'),
    end('02:1f.7'),
    aliasStart('03:00.0', '03:00.0'),
    end('03:1f.7'),
    aliasSelect('03:01.0', '03:00.0'),
    special('00:14.0'),
  );

  test('buses that are numbered anew keep their entries, with a right checksum', () => {
    const { blocks, checksumOk } = relocate({
      table,
      before: PORTS,
      after: [UNIT, bridge('00:01.1', 1), bridge('00:01.2', 5), bridge('00:01.3', 6)],
    });
    expect(checksumOk).toBe(true);
    expect(blocks).toEqual([
      [
        'select 00:01.1',
        'range-start 01:00.0',
        'range-end 01:1f.7',
        'range-start 05:00.0',
        'range-end 05:1f.7',
        'range-start 06:00.0 as 06:00.0',
        'range-end 06:1f.7',
        'select 06:01.0 as 06:00.0',
        'special 00:14.0',
      ],
    ]);
  });

  test('a bus that is gone is named no more', () => {
    const { blocks } = relocate({ table, before: PORTS, after: [UNIT, bridge('00:01.1', 1), bridge('00:01.3', 3)] });
    expect(blocks[0]).not.toContain('range-start 02:00.0');
    expect(blocks[0]).toContain('range-start 03:00.0 as 03:00.0');
  });

  test('a port that got another place is named there', () => {
    const { blocks } = relocate({
      table,
      before: PORTS,
      after: [UNIT, bridge('00:02.0', 1), bridge('00:01.2', 2), bridge('00:01.3', 3)],
      moves: { '00:01.1': '00:02.0' },
    });
    expect(blocks[0]?.[0]).toBe('select 00:02.0');
  });

  test('a bus that nothing names gets an entry for each function on it', () => {
    const { blocks } = relocate({
      table,
      before: PORTS,
      after: [...PORTS.slice(0, 3), bridge('00:01.3', 3), bridge('01:00.0', 7), fn('07:00.0')],
    });
    expect(blocks[0]?.slice(-1)).toEqual(['select 07:00.0']);
  });
});

describe('a card that is behind another port', () => {
  const SECOND = unitFunction('40:00.2');
  const before = [UNIT, SECOND, bridge('00:01.1', 1), bridge('40:01.1', 0x41), fn('01:00.0')];
  const after = [UNIT, SECOND, bridge('00:01.1', 1), bridge('40:01.1', 0x41), fn('41:00.0')];
  const moved = { before, after, moves: { '01:00.0': '41:00.0' } };

  test('is translated by the unit of that port, in every format of its block; its memory goes with it', () => {
    const units = (type: number) => [
      ivhd({ type }, select('00:01.1'), select('01:00.0')),
      ivhd({ type, unit: '40:00.2' }, select('40:01.1')),
    ];
    const table = ivrs(
      ...units(0x10),
      ...units(0x11),
      ivmd({ type: 0x21, first: '01:00.0', start: 0x1000n, length: 0x1000n }),
      ivmd({ start: 0x1000n, length: 0x1000n }),
    );
    const { blocks, memory } = relocate({ ...moved, table });
    expect(blocks).toEqual([
      ['select 00:01.1'],
      ['select 40:01.1', 'select 41:00.0'],
      ['select 00:01.1'],
      ['select 40:01.1', 'select 41:00.0'],
    ]);
    expect(memory).toEqual([undefined]);
  });

  test('keeps its unit where that port has none', () => {
    const table = ivrs(ivhd({}, select('01:00.0')), ivhd({ unit: '40:00.2' }));
    expect(relocate({ ...moved, table }).blocks).toEqual([['select 41:00.0'], []]);
  });
});

test('memory of a range goes with its bus, and of what is gone with it', () => {
  const memory = (type: number, first: string, last = first) =>
    ivmd({ type, first, last, start: 0x1000n, length: 0x1000n });
  const table = ivrs(
    ivhd({}, all),
    memory(0x22, '02:00.0', '02:1f.7'),
    memory(0x21, '00:05.0'),
    memory(0x21, '00:06.0'),
  );
  const before = [...PORTS, fn('00:05.0'), fn('00:06.0')];
  const after = [UNIT, bridge('00:01.1', 1), bridge('00:01.2', 9), fn('00:05.0')];
  expect(relocate({ table, before, after }).memory).toEqual(['09:00.0-09:1f.7', '00:05.0-00:05.0']);
});

describe('a root bus that is left out', () => {
  const before = [UNIT, fn('00:05.0'), bridge('40:01.1', 0x41, { subordinateBus: 0x42 }), fn('41:00.0')];
  const bypassed = ['40:01.1', '41:00.0'];

  test('is cut out of ranges, and of what takes everything', () => {
    expect(relocate({ table: one(start('00:00.3'), end('ff:1f.6')), before, after: before, bypassed }).blocks).toEqual([
      ['range-start 00:00.3', 'range-end 3f:1f.7', 'range-start 43:00.0', 'range-end ff:1f.6'],
    ]);
    expect(relocate({ table: one(all), before, after: before, bypassed }).blocks).toEqual([
      ['range-start 00:00.0', 'range-end 3f:1f.7', 'range-start 43:00.0', 'range-end ff:1f.7'],
    ]);
  });

  test('is named no more', () => {
    const table = one(select('00:05.0'), select('40:01.1'), start('41:00.0'), end('42:1f.7'), select('41:02.0'));
    expect(relocate({ table, before, after: before, bypassed }).blocks).toEqual([['select 00:05.0']]);
  });
});

test('a table that Linux refuses, and one of a machine without, stay as they are', () => {
  expect(relocate({ table: ivrs([0x10, 0, 4, 0]), before: [UNIT], after: [] }).isWritten).toBe(false);
  expect(
    amdVi().relocate?.(machine({}).platform, { devices: new Map(), after: [], bypassed: new Set() }),
  ).toBeUndefined();
});
