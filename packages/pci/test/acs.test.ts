import { expect, test } from 'vitest';
import { acsPath, acsVerdict, bridgeAbove, type PciFunction } from '../src/index.js';
import { configBytes, expressCapability } from './support/config-space.js';
import {
  ACS_EMPTY,
  ACS_OFF,
  ACS_ON,
  conventional,
  downstreamPort,
  endpoint,
  eventCollector,
  legacyEndpoint,
  pciBridge,
  pcieToPci,
  pciToPcie,
  rcEndpoint,
  rootPort,
  unread,
  upstreamPort,
  virtualFunction,
} from './support/functions.js';
import { at, topologyOf, verdictOn } from './support/topology.js';

type Acs = NonNullable<PciFunction['acs']> | null;
type Kind = (acs: Acs, multifunction: boolean) => PciFunction;

/** Kinds whose flags count, whether they are one of several functions or alone. */
const PORTS: readonly [string, Kind][] = [
  ['a root port', (acs, multifunction) => rootPort('00:01.0', 1, { acs, multifunction })],
  ['a downstream port', (acs, multifunction) => downstreamPort('00:01.0', 1, { acs, multifunction })],
];

/** Kinds whose flags count only when they are one of several functions. */
const FUNCTIONS: readonly [string, Kind][] = [
  ['an endpoint', (acs, multifunction) => endpoint('00:01.0', { acs, multifunction })],
  ['a legacy endpoint', (acs, multifunction) => legacyEndpoint('00:01.0', { acs, multifunction })],
  ['an upstream port', (acs, multifunction) => upstreamPort('00:01.0', 1, { acs, multifunction })],
  ['a root complex endpoint', (acs, multifunction) => rcEndpoint('00:01.0', { acs, multifunction })],
];

/** Kinds that never isolate. */
const NEVER: readonly [string, Kind][] = [
  ['a conventional function', (acs, multifunction) => conventional('00:01.0', { acs, multifunction })],
  ['a conventional bridge', (acs, multifunction) => pciBridge('00:01.0', 1, { acs, multifunction })],
  ['a bridge to PCI', (acs, multifunction) => pcieToPci('00:01.0', 1, { acs, multifunction })],
  ['a bridge from PCI', (acs, multifunction) => pciToPcie('00:01.0', 1, { acs, multifunction })],
  ['an event collector', (acs, multifunction) => eventCollector('00:01.0', { acs, multifunction })],
];

const BOTH = [false, true];
const WEIGHED: readonly [string, (acs: Acs) => PciFunction][] = [
  ...PORTS.map(([name, kind]): [string, (acs: Acs) => PciFunction] => [name, (acs) => kind(acs, false)]),
  ...[...PORTS, ...FUNCTIONS].map(([name, kind]): [string, (acs: Acs) => PciFunction] => [
    `${name} among several`,
    (acs) => kind(acs, true),
  ]),
];

test.each(WEIGHED)('takes %s without the capability for not isolating', (_, kind) => {
  expect(verdictOn(kind(null))).toMatchObject({ isolated: false, basis: 'no-capability' });
});

test.each(WEIGHED)('takes %s with all flags set for isolating', (_, kind) => {
  expect(verdictOn(kind(ACS_ON))).toMatchObject({ isolated: true, basis: 'flags', missing: 0 });
});

test.each(WEIGHED)('takes %s with no flag set for not isolating', (_, kind) => {
  expect(verdictOn(kind(ACS_OFF))).toMatchObject({ isolated: false, basis: 'flags', missing: 0x1d });
});

test.each(WEIGHED)('takes %s that advertises nothing for isolating', (_, kind) => {
  expect(verdictOn(kind(ACS_EMPTY))).toMatchObject({ isolated: true, basis: 'flags' });
});

test.each(FUNCTIONS)('takes %s that is alone for isolating whatever its flags', (_, kind) => {
  const answers = [null, ACS_OFF, ACS_ON].map((acs) => verdictOn(kind(acs, false)));
  expect(answers.map(({ isolated, basis }) => `${basis} ${isolated}`)).toEqual(Array(3).fill('single-function true'));
});

test.each(NEVER)('never takes %s for isolating', (_, kind) => {
  const answers = BOTH.flatMap((many) => [null, ACS_ON].map((acs) => verdictOn(kind(acs, many)).isolated));
  expect(answers).toEqual([false, false, false, false]);
});

test('calls conventional PCI by its name', () => {
  expect(verdictOn(conventional('00:01.0')).basis).toBe('conventional');
});

test('calls a bridge to PCI by its name', () => {
  expect(verdictOn(pcieToPci('00:01.0', 1)).basis).toBe('bridge');
});

test('takes a function of a reserved type for isolating', () => {
  const config = configBytes({ capabilities: [expressCapability(12)], multifunction: true });
  expect(verdictOn({ address: '00:01.0', config })).toMatchObject({ isolated: true, basis: 'other-type' });
});

test('takes a virtual function for isolating: it is always alone', () => {
  const physical = endpoint('01:00.0', { multifunction: true });
  expect(verdictOn(virtualFunction('01:00.1', '01:00.0'), {}, [physical])).toMatchObject({ basis: 'single-function' });
});

test.each(['SV', 'RR', 'CR', 'UF'])('does not ask for %s where it is not advertised', (flag) => {
  const capability = ACS_ON.capability.replace(flag, '');
  expect(verdictOn(rootPort('00:01.0', 1, { acs: { capability, control: capability } })).isolated).toBe(true);
});

test.each(['SV', 'RR', 'CR', 'UF'])('asks for %s where it is advertised', (flag) => {
  const control = ACS_ON.capability.replace(flag, '');
  expect(verdictOn(rootPort('00:01.0', 1, { acs: { ...ACS_ON, control } })).isolated).toBe(false);
});

test.each(['TB', 'EC', 'DT'])('does not ask for %s even where it is advertised', (flag) => {
  const capability = `${ACS_ON.capability} ${flag}`;
  expect(verdictOn(rootPort('00:01.0', 1, { acs: { ...ACS_ON, capability } })).isolated).toBe(true);
});

test('lets egress control be on or off as it likes', () => {
  const acs = { capability: 'EC', control: 'EC' };
  expect(verdictOn(rootPort('00:01.0', 1, { acs })).isolated).toBe(true);
});

test('needs every flag of a port without the capability', () => {
  expect(verdictOn(rootPort('00:01.0', 1))).toMatchObject({ needed: 0x1d, missing: 0x1d, capability: undefined });
});

test('gives the registers, and the flags needed and missing, as evidence', () => {
  const acs = { capability: 'SV RR CR', control: 'SV TB' };
  expect(verdictOn(rootPort('00:01.0', 1, { acs }))).toMatchObject({
    capability: 0x0d,
    control: 0x03,
    needed: 0x0d,
    missing: 0x0c,
  });
});

const UNREAD: readonly [string, PciFunction, string][] = [
  ['the ACS capability', unread(rootPort('00:01.0', 1), 'acs'), 'ACS capability of 0000:00:01.0'],
  ['the ACS control', rootPort('00:01.0', 1, { acs: { capability: 'SV' } }), 'ACS control of 0000:00:01.0'],
  ['the capability list', unread(endpoint('00:01.0'), 'express', 'acs'), 'capability list of 0000:00:01.0'],
  ['the device id of a port', rootPort('00:01.0', 1, { id: '8086:' }), 'device id of 0000:00:01.0'],
];

test.each(UNREAD)('takes a function of which %s was not read for not isolating, if it must be sure', (_, one, what) => {
  expect(verdictOn(one, { acsRequested: false })).toMatchObject({ isolated: false, basis: 'unknown', unknown: what });
});

test.each(UNREAD)('takes a function of which %s was not read for isolating, if it may hope', (_, one, what) => {
  const verdict = verdictOn(one, { acsRequested: false, unknown: 'optimistic' });
  expect(verdict).toMatchObject({ isolated: true, basis: 'unknown', unknown: what });
});

test('needs no control bits of a capability that advertises nothing', () => {
  const verdict = verdictOn(rootPort('00:01.0', 1, { acs: { capability: '' } }), { acsRequested: false });
  expect(verdict).toMatchObject({ isolated: true, basis: 'flags', unknown: undefined });
});

test('weighs the flags of a function of which only they were read', () => {
  const verdict = verdictOn(unread(endpoint('00:01.0', { acs: ACS_ON }), 'express'));
  expect(verdict).toMatchObject({ isolated: true, basis: 'flags' });
});

test('needs no device id where the flags say that a port isolates', () => {
  expect(verdictOn(rootPort('00:01.0', 1, { id: '8086:', acs: ACS_ON }))).toMatchObject({
    basis: 'flags',
    unknown: undefined,
  });
});

test('needs no device id of a vendor without quirks', () => {
  expect(verdictOn(rootPort('00:01.0', 1, { id: '1234:' }))).toMatchObject({
    basis: 'no-capability',
    unknown: undefined,
  });
});

const TOWER = [
  rootPort('00:01.0', 1, { acs: ACS_ON, subordinateBus: 3 }),
  upstreamPort('01:00.0', 2, { subordinateBus: 3 }),
  downstreamPort('02:00.0', 3, { acs: ACS_ON }),
  endpoint('03:00.0'),
];

const pathFrom = (functions: readonly PciFunction[], address: string) => acsPath(at(topologyOf(functions), address));

test('judges a path by every bridge from the lowest to the root bus', () => {
  const { verdicts } = pathFrom(TOWER, '02:00.0');
  expect(verdicts.map(({ device }) => device.name)).toEqual(['0000:02:00.0', '0000:01:00.0', '0000:00:01.0']);
});

test('lets a path pass when every bridge isolates', () => {
  expect(pathFrom(TOWER, '02:00.0').failing).toBeUndefined();
});

test.each([
  ['lowest', 2, '0000:02:00.0'],
  ['highest', 0, '0000:00:01.0'],
])('fails a path by its %s bridge', (_, index, name) => {
  const functions = TOWER.map((one, place) => (place === index ? { ...one, acs: null } : one));
  expect(pathFrom(functions, '02:00.0').failing?.device.name).toBe(name);
});

test('names the failing bridge nearest to the start', () => {
  const functions = TOWER.map((one) => ({ ...one, acs: null }));
  expect(pathFrom(functions, '02:00.0').failing?.device.name).toBe('0000:02:00.0');
});

test('skips the virtual bus of virtual functions on the way up', () => {
  const topology = topologyOf([...TOWER, virtualFunction('04:00.0', '03:00.0')]);
  expect(bridgeAbove(at(topology, '04:00.0'))).toBe(at(topology, '02:00.0'));
});

test('has no bridge above a root bus', () => {
  expect(bridgeAbove(at(topologyOf(TOWER), '00:01.0'))).toBeUndefined();
});

test('judges a function once as long as nothing changes', () => {
  const topology = topologyOf(TOWER);
  expect(acsVerdict(at(topology, '00:01.0'))).toBe(acsVerdict(at(topology, '00:01.0')));
});

test('judges a path anew when a function was plugged in', () => {
  const topology = topologyOf(TOWER);
  const before = acsPath(at(topology, '02:00.0'));
  topology.add(endpoint('00:02.0'));
  expect(acsPath(at(topology, '02:00.0'))).not.toBe(before);
});
