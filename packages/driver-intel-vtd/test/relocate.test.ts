import type { Device, Diagnostic } from '@iommu/core';
import type { PciFunction } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { formatScope, intelVtd, parseDmar } from '../src/index.js';
import {
  allDrhd,
  bridgeScope,
  dmar,
  drhd,
  endpointScope,
  rmrr,
  SCOPE,
  satc,
  scope,
  sidp,
  structure,
} from './support/dmar.js';
import { bridge, fn, machine } from './support/platform.js';

interface Moved {
  readonly table?: Uint8Array;
  readonly before: readonly PciFunction[];
  readonly after: readonly PciFunction[];
  /** Address before to address after; others stay, those that are not after are gone. */
  readonly moves?: Readonly<Record<string, string>>;
  readonly bypassed?: readonly string[];
}

const relocate = ({ table, before, after, moves = {}, bypassed = [] }: Moved) => {
  const old = machine({ functions: before, ...(table && { dmar: table }) });
  const fresh = machine({ functions: after });
  const at = (address: string) => fresh.topology.find(address);
  const devices = new Map<Device, Device | undefined>(
    old.topology.devices.map((one) => [one, at(moves[one.name.slice(5)] ?? one.name)]),
  );
  const reports: Diagnostic[] = [];
  const written = intelVtd().relocate?.(
    { ...old.platform, report: (one) => void reports.push(one) },
    {
      devices,
      after: fresh.topology.devices,
      bypassed: new Set(fresh.topology.devices.filter(({ name }) => bypassed.includes(name.slice(5)))),
    },
  );
  const dmarAfter = written?.['DMAR'];
  const parsed = dmarAfter && parseDmar(dmarAfter);
  const list = (
    structures: readonly {
      readonly scopes: Parameters<typeof formatScope>[0][] | readonly Parameters<typeof formatScope>[0][];
    }[] = [],
  ) => structures.map(({ scopes }) => scopes.map(formatScope).join(' '));
  return {
    bytes: dmarAfter,
    checksumOk: parsed?.checksumOk,
    units: list(parsed?.drhds),
    memory: list(parsed?.rmrrs),
    caches: list(parsed?.satcs),
    reports,
  };
};

const PORTS = [bridge('00:1c.0', 1), bridge('00:1d.0', 2)];

test('leaves a table alone in which no path changes', () => {
  const table = dmar(drhd({ base: 1 }, bridgeScope('00:1c.0')), allDrhd(2));
  const { bytes, reports } = relocate({
    table,
    before: [...PORTS, fn('01:00.0')],
    after: [...PORTS, fn('02:00.0')],
    moves: { '01:00.0': '02:00.0' },
  });
  expect({ bytes, reports }).toEqual({ bytes: undefined, reports: [] });
  expect(relocate({ before: PORTS, after: PORTS }).bytes).toBeUndefined();
});

test('follows a port that got another place, and what is behind it, with a right checksum', () => {
  const table = dmar(
    drhd({ base: 1 }, bridgeScope('00:1c.1'), endpointScope('00:03.0')),
    rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:1c.1/00.0')),
  );
  const { units, memory, checksumOk } = relocate({
    table,
    before: [bridge('00:1c.1', 1), fn('01:00.0'), fn('00:03.0')],
    after: [bridge('00:1d.0', 1), fn('01:00.0'), fn('00:03.0')],
    moves: { '00:1c.1': '00:1d.0' },
  });
  expect({ units, memory, checksumOk }).toEqual({
    units: ['00:1d.0 00:03.0'],
    memory: ['00:1d.0/00.0'],
    checksumOk: true,
  });
});

test('names nothing that is gone', () => {
  const table = dmar(
    drhd({ base: 1 }, endpointScope('00:03.0'), endpointScope('00:04.0')),
    rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:04.0')),
  );
  const { units, memory } = relocate({ table, before: [fn('00:03.0'), fn('00:04.0')], after: [fn('00:03.0')] });
  expect({ units, memory }).toEqual({ units: ['00:03.0'], memory: [''] });
});

describe('a card that is behind another port', () => {
  const before = [...PORTS, fn('01:00.0')];
  const after = [...PORTS, fn('02:00.0')];
  const moves = { '01:00.0': '02:00.0' };

  test('is translated by the unit of that port, its memory goes with it', () => {
    const table = dmar(
      drhd({ base: 1 }, endpointScope('00:1c.0/00.0')),
      drhd({ base: 2 }, bridgeScope('00:1d.0')),
      rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:1c.0/00.0')),
    );
    const { units, memory } = relocate({ table, before, after, moves });
    expect({ units, memory }).toEqual({ units: ['', '00:1d.0'], memory: ['00:1d.0/00.0'] });
  });

  test('keeps its unit where none speaks for that port', () => {
    const table = dmar(drhd({ base: 1 }, endpointScope('00:1c.0/00.0')));
    expect(relocate({ table, before, after, moves }).units).toEqual(['00:1d.0/00.0']);
  });

  test('is named by its bus number where it was before', () => {
    const table = dmar(satc({}, endpointScope('01:00.0')), drhd({ base: 1 }, endpointScope('00:03.0')));
    expect(relocate({ table, before, after, moves }).caches).toEqual(['02:00.0']);
  });
});

test('what names no PCI function stays, whatever its structure', () => {
  const table = dmar(
    sidp({}),
    drhd({ base: 1 }, scope(SCOPE.ioApic, 'f0:1f.0', { id: 2 }), endpointScope('00:03.0'), endpointScope('00:09.0')),
  );
  const { bytes, units } = relocate({
    table,
    before: [fn('00:03.0')],
    after: [fn('00:04.0')],
    moves: { '00:03.0': '00:04.0' },
  });
  expect(units).toEqual(['f0:1f.0 00:04.0 00:09.0']);
  expect(bytes?.length).toBe(table.length);
});

test('says so when no unit speaks for the place of something new', () => {
  const table = dmar(drhd({ base: 1 }, bridgeScope('00:1c.0')));
  const { reports } = relocate({ table, before: PORTS, after: [...PORTS, fn('01:00.0'), fn('02:00.0')] });
  expect(reports.map(({ code, message }) => [code, message])).toEqual([
    ['dmar-place-not-named', expect.stringContaining('0000:02:00.0')],
  ]);
});

test('leaves out what is to be bypassed, unless a unit takes everything', () => {
  const before = [fn('00:03.0'), bridge('40:00.0', 0x41), fn('41:00.0')];
  const bypassed = ['40:00.0', '41:00.0'];
  const table = dmar(
    drhd({ base: 1 }, endpointScope('00:03.0'), bridgeScope('40:00.0'), endpointScope('40:00.0/00.0')),
  );
  expect(relocate({ table, before, after: before, bypassed }).units).toEqual(['00:03.0']);
  expect(() => relocate({ table: dmar(allDrhd()), before, after: before, bypassed })).toThrow(
    /takes every device of segment 0/,
  );
});

test('a table that Linux refuses stays as it is', () => {
  const before = [fn('00:03.0')];
  const broken = dmar(structure(0, [0]));
  expect(relocate({ table: broken, before, after: [] }).bytes).toBeUndefined();
});
