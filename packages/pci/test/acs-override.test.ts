import { describe, expect, test } from 'vitest';
import { isAcsOverridden } from '../src/acs-override.js';
import { acsVerdict, describeVerdict, type PciFunction, parseAcsOverride } from '../src/index.js';
import { downstreamPort, endpoint, legacyEndpoint, pcieToPci, rcEndpoint, upstreamPort } from './support/functions.js';
import { at, deviceOf, topologyOf } from './support/topology.js';
import { group, groupLines, reasonFor } from './support/toy-driver.js';

const PORT: PciFunction = {
  address: '00:01.0',
  id: '8086:0101',
  class: '060400',
  headerType: 1,
  express: 'root-port',
  acs: null,
  secondaryBus: 1,
  subordinateBus: 1,
};
const card = (fn: number, extra: Partial<PciFunction> = {}): PciFunction => ({
  address: `01:00.${fn}`,
  id: 'f00d:0110',
  headerType: 0,
  express: 'endpoint',
  multifunction: true,
  acs: null,
  ...extra,
});
const MACHINE = [PORT, card(0), card(1)];

const linesWith = (override: string | undefined, functions: readonly PciFunction[] = MACHINE): string[] =>
  groupLines(group(topologyOf(functions, override === undefined ? {} : { rules: { 'acs-override': override } })));

test.each([
  [undefined, ['00:01.0 01:00.0 01:00.1']],
  ['downstream', ['00:01.0', '01:00.0 01:00.1']],
  ['multifunction', ['00:01.0 01:00.0 01:00.1']],
  ['downstream,multifunction', ['00:01.0', '01:00.0', '01:00.1']],
  ['downstream,id:f00d:0110', ['00:01.0', '01:00.0', '01:00.1']],
  ['id:8086:0101', ['00:01.0', '01:00.0 01:00.1']],
  ['id:dead:beef', ['00:01.0 01:00.0 01:00.1']],
])('%s', (override, lines) => {
  expect(linesWith(override)).toEqual(lines);
});

describe('which word counts for which kind', () => {
  const basis = (one: PciFunction, override: string) =>
    acsVerdict(deviceOf(one, { rules: { 'acs-override': override } })).basis;
  const kinds: readonly [string, PciFunction, string, string][] = [
    ['a downstream port', downstreamPort('00:05.0', 1), 'override', 'no-capability'],
    ['an endpoint', endpoint('00:05.0', { multifunction: true }), 'no-capability', 'override'],
    ['a legacy endpoint', legacyEndpoint('00:05.0', { multifunction: true }), 'no-capability', 'override'],
    ['an integrated endpoint', rcEndpoint('00:05.0', { multifunction: true }), 'no-capability', 'override'],
    ['an upstream port', upstreamPort('00:05.0', 1, { multifunction: true }), 'no-capability', 'override'],
    ['a bridge to PCI', pcieToPci('00:05.0', 1, { multifunction: true }), 'bridge', 'bridge'],
  ];

  test.each(kinds)('%s', (_, one, downstream, multifunction) => {
    expect([basis(one, 'downstream'), basis(one, 'multifunction')]).toEqual([downstream, multifunction]);
  });
});

describe('leaves alone', () => {
  test('a bridge to PCI, which never isolates', () => {
    const rules = { 'acs-override': 'downstream,multifunction' };
    expect(isAcsOverridden(deviceOf(pcieToPci('00:05.0', 1, { multifunction: true }), { rules }))).toBe(false);
  });

  test('a function that has ACS and leaves it open', () => {
    const open = { ...PORT, acs: { capability: 'SV RR CR UF', control: '' } };
    expect(linesWith('downstream', [open, card(0)])).toEqual(['00:01.0 01:00.0']);
  });

  test('a conventional function', () => {
    const functions = [card(0, { address: '00:02.0', express: null }), card(1, { address: '00:02.1', express: null })];
    expect(linesWith('multifunction', functions)).toEqual(['00:02.0 00:02.1']);
  });

  test('a conventional function, though its id is listed', () => {
    const functions = [card(0, { address: '00:02.0', express: null }), card(1, { address: '00:02.1', express: null })];
    expect(linesWith('id:f00d:0110', functions)).toEqual(['00:02.0 00:02.1']);
  });

  test('what was not read: it may have ACS', () => {
    const { acs: _, ...unread } = PORT;
    const topology = topologyOf([unread], { rules: { 'acs-override': 'downstream' } });
    expect(acsVerdict(at(topology, '00:01.0'))).toMatchObject({ basis: 'unknown', isolated: false });
  });
});

test('never passes for isolation: reasons say that nothing is proven', () => {
  const topology = topologyOf(MACHINE, { rules: { 'acs-override': 'downstream,multifunction' } });
  const iommu = group(topology);
  for (const device of topology.devices) {
    const [reason] = iommu.outcomeOf(device).reasons;
    expect(reason?.text).toContain('split on paper, isolation not proven');
  }
});

test('names each function that was let pass, once, the lowest first', () => {
  const settings = { rules: { 'acs-override': 'downstream,multifunction' } };
  expect(reasonFor('01:00.1', MACHINE, settings).text).toMatch(
    /past the IOMMU, as pcie_acs_override has Linux believe of 0000:01:00\.1, 0000:00:01\.0: split on paper/,
  );
});

test('is said of a verdict', () => {
  const verdict = acsVerdict(deviceOf(PORT, { rules: { 'acs-override': 'downstream' } }));
  expect(describeVerdict(verdict)).toBe('isolates on paper by pcie_acs_override, which proves nothing');
});

test('passes over words that it does not know', () => {
  expect(parseAcsOverride('downstream,,upstream,id:1:2,id:xyz')).toEqual({
    downstream: true,
    multifunction: false,
    ids: new Set([0x10002]),
    unknown: ['upstream', 'id:xyz'],
  });
  expect(parseAcsOverride('multifunction')).toMatchObject({ multifunction: true, unknown: [] });
});
