import { describe, expect, test } from 'vitest';
import { acsStateOf, formatAcsFlags, type PciFunction } from '../src/index.js';
import { configBytes, expressCapability, wideAcsCapability } from './support/config-space.js';
import { downstreamPort, endpoint, rootPort, upstreamPort } from './support/functions.js';
import { deviceOf, type SettingsSketch } from './support/topology.js';

const ALL = 'SV RR CR UF';
const PORT = rootPort('00:01.0', 1, { id: '8086:3420', acs: { capability: ALL, control: '' } });
const BEFORE: SettingsSketch = { acsRead: 'before-boot' };

/** The control bits of a function under a command line, as read before boot, with an IOMMU that asks for ACS. */
const control = (
  commandLine: string,
  one: PciFunction = PORT,
  settings: SettingsSketch = {},
  others: readonly PciFunction[] = [],
): string => {
  const state = acsStateOf(deviceOf(one, { ...BEFORE, ...settings, commandLine }, others));
  return state?.control === undefined ? 'unknown' : formatAcsFlags(state.control);
};

const firmware = (bits: string): PciFunction => ({ ...PORT, acs: { capability: ALL, control: bits } });

const SPT: PciFunction = {
  address: '00:1c.0',
  config: configBytes({
    vendor: 0x8086,
    device: 0xa110,
    headerType: 1,
    secondaryBus: 1,
    capabilities: [expressCapability(4)],
    extended: [wideAcsCapability(0x1d, 0)],
  }),
};

describe('pci=disable_acs_redir', () => {
  test('leaves what firmware had set, without the redirects and egress control', () => {
    expect(control('pci=disable_acs_redir=00:01.0', firmware('SV TB RR CR EC DT'))).toBe('SV TB DT');
  });

  test('loses what the kernel had just set and firmware had not', () => {
    expect(control('pci=disable_acs_redir=00:01.0', firmware(''))).toBe('');
  });

  test('leaves functions that it does not name', () => {
    expect(control('pci=disable_acs_redir=00:02.0')).toBe(ALL);
  });

  test('names several functions with semicolons between', () => {
    expect(control('pci=disable_acs_redir=00:02.0;00:01.0')).toBe('');
  });

  test('is one option among others', () => {
    expect(control('quiet pci=nomsi,disable_acs_redir=00:01.0,noats')).toBe('');
  });

  test('counts as it was given last', () => {
    expect(control('pci=disable_acs_redir=00:01.0 pci=disable_acs_redir=00:02.0')).toBe(ALL);
  });

  test('works without an IOMMU', () => {
    const settings = { acsRequested: false };
    expect(control('pci=disable_acs_redir=00:01.0', firmware('SV RR'), settings)).toBe('SV');
  });

  test.each([
    ['4.18', ALL],
    ['4.19', ''],
  ])('is known from 4.19 on (%s)', (release, expected) => {
    expect(control('pci=disable_acs_redir=00:01.0', PORT, { release })).toBe(expected);
  });

  test('takes the redirects of a Sunrise Point port from what the kernel had set', () => {
    expect(control('pci=disable_acs_redir=00:1c.0', SPT)).toBe('SV UF');
  });
});

describe('pci=config_acs', () => {
  test('sets and clears bits, the rightmost the lowest', () => {
    expect(control('pci=config_acs=0010011@00:01.0')).toBe('SV TB UF');
  });

  test('keeps of firmware what is marked x', () => {
    expect(control('pci=config_acs=xx1xxx0@00:01.0', firmware('SV RR'))).toBe('RR UF');
  });

  test('starts from what firmware had set, not from what the kernel had just set', () => {
    expect(control('pci=config_acs=xxxxxx1@00:01.0', firmware(''))).toBe('SV');
  });

  test('keeps of firmware all that a shorter text does not name', () => {
    expect(control('pci=config_acs=1@00:01.0', firmware('UF'))).toBe('SV UF');
  });

  test('sets nothing when it names a bit above the seventh', () => {
    expect(control('pci=config_acs=10000000@00:01.0')).toBe(ALL);
  });

  test('passes over an entry that names a function and no bits', () => {
    expect(control('pci=config_acs=00:01.0', firmware('RR'))).toBe(ALL);
  });

  test('takes the first entry that names the function, though it has no bits', () => {
    expect(control('pci=config_acs=@00:01.0;0000000@00:01.0', firmware('RR'))).toBe('RR');
  });

  test('takes the first entry that names the function', () => {
    expect(control('pci=config_acs=1@00:02.0;11@00:01.0;0@00:01.0', firmware(''))).toBe('SV TB');
  });

  test('works without an IOMMU', () => {
    expect(control('pci=config_acs=xxxxxx1@00:01.0', firmware('UF'), { acsRequested: false })).toBe('SV UF');
  });

  test('wins over pci=disable_acs_redir', () => {
    const line = 'pci=disable_acs_redir=00:01.0,config_acs=xxxx1xx@00:01.0';
    expect(control(line, firmware('SV CR'))).toBe('SV RR CR');
  });

  test('leaves the control unknown where a required bit is firmware’s and was not read', () => {
    expect(control('pci=config_acs=xx1x1x1@00:01.0', { ...PORT, acs: { capability: ALL } })).toBe('unknown');
  });

  test('decides where firmware’s bits were not read and every required bit is given', () => {
    expect(control('pci=config_acs=xx111x1@00:01.0', { ...PORT, acs: { capability: ALL } })).toBe(ALL);
  });

  test.each([
    ['6.10', ALL],
    ['6.11', ''],
  ])('is known from 6.11 on (%s)', (release, expected) => {
    expect(control('pci=config_acs=0000000@00:01.0', PORT, { release })).toBe(expected);
  });

  test('does not reach the double word of a Sunrise Point port', () => {
    expect(control('pci=config_acs=0000000@00:1c.0', SPT)).toBe(ALL);
  });
});

describe('a <pci_dev> of the command line', () => {
  const SWITCH = [
    rootPort('00:01.0', 1, { subordinateBus: 3 }),
    upstreamPort('01:00.0', 2, { subordinateBus: 3 }),
    downstreamPort('02:03.0', 3),
  ];
  const several = { multifunction: true, acs: { capability: ALL, control: '' } };
  const NIC = endpoint('03:00.1', { id: '8086:10c9', subsystem: '1028:02ef', ...several });
  const FAR = endpoint('0001:03:00.1', several);
  const named = (text: string, one = NIC): boolean => control(`pci=disable_acs_redir=${text}`, one, {}, SWITCH) === '';

  test.each([
    ['an address', '03:00.1'],
    ['an address with its segment', '0000:03:00.1'],
    ['a path from the root bus', '00:01.0/00.0/03.0/00.1'],
    ['a path from a bus between', '02:03.0/00.1'],
    ['its ids', 'pci:8086:10c9'],
    ['its vendor alone', 'pci:8086:0'],
    ['its device id alone', 'pci:0:10c9'],
    ['anything', 'pci:0:0'],
    ['its ids and those of its subsystem', 'pci:8086:10c9:1028:02ef'],
    ['the vendor of its subsystem', 'pci:8086:10c9:1028:0'],
    ['ids in capitals with leading zeros', 'pci:8086:10C9:1028:02EF'],
  ])('names a function by %s', (_, text) => {
    expect(named(text)).toBe(true);
  });

  test.each([
    ['another function', '03:00.0'],
    ['another slot', '03:01.1'],
    ['another bus', '02:00.1'],
    ['another segment', '0001:03:00.1'],
    ['a path with another step', '00:01.0/00.0/04.0/00.1'],
    ['a path from another bus', '01:03.0/00.1'],
    ['a path that is longer than the way up', '00:02.0/01.0/00.0/03.0/00.1'],
    ['another vendor', 'pci:10de:0'],
    ['another device id', 'pci:8086:10ca'],
    ['another subsystem', 'pci:8086:10c9:1028:02f0'],
    ['a vendor without a device id', 'pci:8086'],
    ['no hexadecimal ids', 'pci:intel:nic'],
    ['ids with a letter behind them', 'pci:8086x:10c9'],
    ['ids with a sign', 'pci:+8086:10c9'],
    ['a word that ends with its address', 'zz03:00.1'],
    ['a word', 'all'],
    ['an empty text', ''],
  ])('does not name a function by %s', (_, text) => {
    expect(named(text)).toBe(false);
  });

  test('takes segment 0 where none is given', () => {
    expect(named('03:00.1', FAR)).toBe(false);
  });

  test('names a function in another segment by it', () => {
    expect(named('0001:03:00.1', FAR)).toBe(true);
  });

  test('does not know ids that were not read', () => {
    expect(named('pci:8086:10c9', { ...NIC, id: '8086:' })).toBe(false);
    const { subsystem: _, ...bare } = NIC;
    expect(named('pci:8086:10c9:any:any', bare)).toBe(false);
  });
});
