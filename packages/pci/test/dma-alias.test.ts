import { describe, expect, test } from 'vitest';
import { aliasesOf, forEachDmaAlias, type PciDevice, type PciFunction } from '../src/index.js';
import { DMA_ALIAS_QUIRKS } from '../src/quirks/dma-alias-rows.js';
import { hasHiddenAliases } from '../src/quirks/dma-aliases.js';
import {
  conventional,
  endpoint,
  pciBridge,
  pcieToPci,
  pciToPcie,
  rootPort,
  unread,
  virtualFunction,
} from './support/functions.js';
import { at, deviceOf, type SettingsSketch, short, topologyOf } from './support/topology.js';

const hex = (rid: number): string =>
  `${(rid >> 8).toString(16).padStart(2, '0')}:${((rid >> 3) & 0x1f).toString(16).padStart(2, '0')}.${rid & 7}`;

/** The ids that a function's DMA may carry, each with the device that puts it on and how: `01:00.0 = 02:00.0 bridge`. */
const visits = (functions: readonly PciFunction[], address: string, settings: SettingsSketch = {}): string[] => {
  const seen: string[] = [];
  forEachDmaAlias(at(topologyOf(functions, settings), address), (device, rid, kind) => {
    seen.push(`${short(device.name)} = ${hex(rid)} ${kind}`);
    return undefined;
  });
  return seen;
};

const aliases = (one: PciFunction, settings: SettingsSketch = {}): string[] =>
  deviceOf(one, settings).aliases.map((devfn) => hex(devfn).slice(3));

const PORT = rootPort('00:01.0', 1, { subordinateBus: 9 });

describe('the alias quirks', () => {
  test('are 134 rows', () => {
    expect(DMA_ALIAS_QUIRKS).toHaveLength(134);
  });

  test.each([
    ['quirk_dma_func0_alias', 4],
    ['quirk_dma_func1_alias', 19],
    ['quirk_mic_x200_dma_alias', 2],
    ['quirk_pex_vca_alias', 6],
    ['quirk_plx_ntb_dma_alias', 2],
    ['quirk_fixed_dma_alias', 2],
    ['quirk_switchtec_ntb_dma_alias', 99],
  ])('have the rows of %s: %i', (name, count) => {
    expect(DMA_ALIAS_QUIRKS.filter((row) => row[2] === name)).toHaveLength(count);
  });

  test('have one row for each function', () => {
    const keys = DMA_ALIAS_QUIRKS.map(([vendor, device, , , , subsystem]) => `${[vendor, device, subsystem]}`);
    expect(new Set(keys).size).toBe(DMA_ALIAS_QUIRKS.length);
  });

  test('give a Ricoh function the id of function 0 of its slot', () => {
    expect(aliases(endpoint('03:05.3', { id: '1180:e832' }))).toEqual(['05.0']);
  });

  test('give function 0 itself no further id for its own', () => {
    expect(aliases(endpoint('03:05.0', { id: '1180:e832' }))).toEqual([]);
  });

  test('give a Marvell function the id of function 1 of its slot', () => {
    expect(aliases(endpoint('03:00.0', { id: '1b4b:9230' }))).toEqual(['00.1']);
  });

  test('give function 1 itself no further id for its own', () => {
    expect(aliases(endpoint('03:00.1', { id: '1b4b:9230' }))).toEqual([]);
  });

  test('give a MIC x200 three ids in other slots', () => {
    expect(aliases(endpoint('03:00.0', { id: '8086:2260' }))).toEqual(['10.0', '11.0', '12.3']);
  });

  test('give a VCA the ids of functions 0 to 4 of every slot', () => {
    const found = aliases(endpoint('03:00.0', { id: '8086:2954' }));
    expect([found.length, ...found.slice(0, 6), found.at(-1)]).toEqual([
      160,
      '00.0',
      '00.1',
      '00.2',
      '00.3',
      '00.4',
      '01.0',
      '1f.4',
    ]);
  });

  test('give a PLX NTB every id of its bus', () => {
    const found = aliases(endpoint('03:00.0', { id: '10b5:87b0' }));
    expect([found.length, found[0], found.at(-1)]).toEqual([256, '00.0', '1f.7']);
  });

  test.each(['9005:02bb', '9005:02bc'])('give an Adaptec board %s the id 01.0', (subsystem) => {
    expect(aliases(endpoint('03:0e.0', { id: '9005:0285', subsystem }))).toEqual(['01.0']);
  });

  test.each(['9005:02bd', '1028:02bb'])('give another board %s with the chip of an Adaptec no id', (subsystem) => {
    expect(aliases(endpoint('03:0e.0', { id: '9005:0285', subsystem }))).toEqual([]);
  });

  test.each(['1b4b:', ':9230'])('give a function none of which only half the id was read: %s', (id) => {
    expect(aliases(endpoint('03:00.0', { id }))).toEqual([]);
  });

  test('give a Switchtec none: its ids are in its own memory', () => {
    expect(aliases(endpoint('03:00.0', { id: '11f8:8531' }))).toEqual([]);
  });

  test('give a function not listed none', () => {
    expect(aliases(endpoint('03:00.0', { id: '1b4b:9231' }))).toEqual([]);
  });

  test('give a function whose device id is not known none', () => {
    expect(aliases(endpoint('03:00.0', { id: '1b4b:' }))).toEqual([]);
  });

  test.each([
    ['3.15', []],
    ['3.16', ['00.1']],
  ])('speak from their release on (%s)', (release, expected) => {
    expect(aliases(endpoint('03:00.0', { id: '1b4b:9123' }), { release })).toEqual(expected);
  });
});

describe('ids hidden in memory', () => {
  const hidden = (id: string, of: string) => {
    const { facts, topology } = deviceOf(endpoint('03:00.0', { id, class: of }));
    return hasHiddenAliases(facts, topology.settings.kernel);
  };

  test('are those of a Switchtec bridge function', () => {
    expect(hidden('11f8:8531', '068000')).toBe(true);
  });

  test('are not those of its management function', () => {
    expect(hidden('11f8:8531', '058000')).toBe(false);
  });

  test('are not those of another bridge', () => {
    expect(hidden('10b5:87b0', '068000')).toBe(false);
    expect(hidden('1234:0001', '068000')).toBe(false);
  });
});

describe('firmware aliases', () => {
  const device = () => deviceOf(endpoint('03:00.0', { id: '1b4b:9230' }));

  test('are added to those of quirks, ascending', () => {
    expect(aliasesOf(device(), () => [0x28, 0x00])).toEqual([0x00, 0x01, 0x28]);
  });

  test('are counted once', () => {
    expect(aliasesOf(device(), () => [0x01])).toEqual([0x01]);
  });
});

describe('the walk over all ids', () => {
  test('starts with the function’s own', () => {
    expect(visits([PORT, endpoint('01:00.0')], '01:00.0')).toEqual(['01:00.0 = 01:00.0 own']);
  });

  test('goes on with its aliases on its own bus, ascending', () => {
    const mic = endpoint('01:02.0', { id: '8086:2260' });
    expect(visits([PORT, mic], '01:02.0').slice(1)).toEqual([
      '01:02.0 = 01:10.0 alias',
      '01:02.0 = 01:11.0 alias',
      '01:02.0 = 01:12.3 alias',
    ]);
  });

  test('ends with the first visit that gives a result', () => {
    const mic = deviceOf(endpoint('01:02.0', { id: '8086:2260' }));
    const seen: number[] = [];
    const result = forEachDmaAlias(mic, (_, rid) => {
      seen.push(rid);
      return rid === 0x0180 ? 'found' : undefined;
    });
    expect([result, seen]).toEqual(['found', [0x0110, 0x0180]]);
  });

  test('has no result when no visit gives one', () => {
    expect(forEachDmaAlias(deviceOf(endpoint('01:02.0')), () => undefined)).toBeUndefined();
  });

  test('starts at the endpoint that hosts the segment', () => {
    const functions = [endpoint('00:0e.0'), endpoint('10000:e0:00.0', { segmentHost: '00:0e.0' })];
    expect(visits(functions, '10000:e0:00.0')).toEqual(['00:0e.0 = 00:0e.0 own']);
  });

  test('gives a virtual function its own id and, past its virtual bus, those of real bridges', () => {
    const functions = [PORT, pcieToPci('01:00.0', 2), endpoint('02:00.0'), virtualFunction('03:10.0', '02:00.0')];
    expect(visits(functions, '03:10.0')).toEqual(['03:10.0 = 03:10.0 own', '01:00.0 = 02:00.0 bridge']);
  });

  test('adds firmware’s aliases to the function’s own', () => {
    const seen: number[] = [];
    const firmware = (device: PciDevice) => (short(device.name) === '01:02.0' ? [0x18] : []);
    forEachDmaAlias(deviceOf(endpoint('01:02.0')), (_, rid) => void seen.push(rid), firmware);
    expect(seen).toEqual([0x0110, 0x0118]);
  });

  test('takes a bridge whose kind is not known for one that puts its own id on, if it must be sure', () => {
    const functions = [unread(PORT, 'express'), endpoint('01:00.0')];
    expect(visits(functions, '01:00.0')[1]).toBe('00:01.0 = 00:01.0 bridge');
  });

  test('takes a bridge whose kind is not known for one that passes ids on, if it may hope', () => {
    const functions = [unread(PORT, 'express'), endpoint('01:00.0')];
    expect(visits(functions, '01:00.0', { unknown: 'optimistic' })).toHaveLength(1);
  });
});

describe('conventional bridges one below the other', () => {
  test('each put their own id on, the nearest first', () => {
    const functions = [pciBridge('00:1e.0', 1), pciBridge('01:02.0', 2), conventional('02:00.0')];
    expect(visits(functions, '02:00.0').slice(1)).toEqual(['01:02.0 = 01:02.0 bridge', '00:1e.0 = 00:1e.0 bridge']);
  });

  test('leave to a bridge from PCI its own id', () => {
    const functions = [pciBridge('00:1e.0', 1), pciToPcie('01:02.0', 2), endpoint('02:00.0')];
    expect(visits(functions, '02:00.0')[1]).toBe('01:02.0 = 01:02.0 bridge');
  });
});
