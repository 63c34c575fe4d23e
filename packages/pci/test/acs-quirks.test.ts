import { describe, expect, test } from 'vitest';
import type { PciFunction } from '../src/index.js';
import { INTEL_PCH_PORTS, INTEL_SPT_PORT_RANGES } from '../src/quirks/acs-quirk-ids.js';
import { ACS_QUIRKS, ANY_DEVICE } from '../src/quirks/acs-quirk-rows.js';
import {
  ACS_ON,
  conventional,
  downstreamPort,
  endpoint,
  pciBridge,
  rcEndpoint,
  rootPort,
  unread,
} from './support/functions.js';
import { type SettingsSketch, verdictOn } from './support/topology.js';

const several = { multifunction: true };

/** One of several functions of an endpoint without ACS: not isolated, but for a quirk. */
const nic = (id: string, more: Partial<PciFunction> = {}) => endpoint('00:05.0', { id, ...several, ...more });
/** A port without ACS: not isolated, but for a quirk. */
const port = (id: string, more: Partial<PciFunction> = {}) => rootPort('00:05.0', 1, { id, ...more });

const isolates = (one: PciFunction, settings: SettingsSketch = {}): boolean => verdictOn(one, settings).isolated;
const quirkOf = (one: PciFunction, settings: SettingsSketch = {}): string | undefined =>
  verdictOn(one, settings).quirk?.replace('pci_quirk_', '');

describe('the table', () => {
  test('has 132 rows', () => {
    expect(ACS_QUIRKS).toHaveLength(132);
  });

  test.each([
    ['pci_quirk_amd_sb_acs', 8],
    ['pci_quirk_mf_endpoint_acs', 67],
    ['pci_quirk_rciep_acs', 1],
    ['pci_quirk_qcom_rp_acs', 6],
    ['pci_quirk_intel_pch_acs', 1],
    ['pci_quirk_intel_spt_pch_acs', 1],
    ['pci_quirk_cavium_acs', 1],
    ['pci_quirk_xgene_acs', 9],
    ['pci_quirk_brcm_acs', 1],
    ['pci_quirk_loongson_acs', 10],
    ['pci_quirk_al_acs', 1],
    ['pci_quirk_nxp_rp_acs', 24],
    ['pci_quirk_zhaoxin_pcie_ports_acs', 1],
    ['pci_quirk_wangxun_nic_acs', 1],
  ])('has the rows of %s: %i', (name, count) => {
    expect(ACS_QUIRKS.filter((row) => row[2] === name)).toHaveLength(count);
  });

  test('names no device twice', () => {
    const devices = ACS_QUIRKS.filter(([, device]) => device !== ANY_DEVICE).map((row) => `${row[0]}:${row[1]}`);
    expect(new Set(devices).size).toBe(devices.length);
  });

  test('has the rows for every device of Intel in this order', () => {
    const names = ACS_QUIRKS.filter(([vendor, device]) => vendor === 0x8086 && device === ANY_DEVICE).map(
      (row) => row[2],
    );
    expect(names).toEqual(['pci_quirk_rciep_acs', 'pci_quirk_intel_pch_acs', 'pci_quirk_intel_spt_pch_acs']);
  });

  test('knows 119 PCH ports of Intel', () => {
    expect(INTEL_PCH_PORTS.size).toBe(119);
  });

  test('knows 56 Sunrise Point ports of Intel', () => {
    expect(INTEL_SPT_PORT_RANGES.reduce((sum, [first, last]) => sum + last - first + 1, 0)).toBe(56);
  });
});

describe.each([
  ['mf_endpoint_acs', [nic('8086:10c9'), nic('1924:0903'), nic('14e4:1760'), nic('177d:a026'), nic('1d17:3104')]],
  ['qcom_rp_acs', [port('17cb:0400'), port('17cb:0120'), port('1dbf:0401')]],
  ['intel_pch_acs', [port('8086:3b42'), port('8086:1c1f'), port('8086:9c9b'), port('8086:8c9e')]],
  ['cavium_acs', [port('177d:a000'), port('177d:a7ff'), port('177d:af84'), port('177d:b884')]],
  ['xgene_acs', [port('10e8:e004'), port('1def:e005'), port('1def:e00c')]],
  ['brcm_acs', [port('14e4:d714')]],
  ['loongson_acs', [port('0014:3c09'), port('0014:7a69')]],
  ['al_acs', [port('1c36:0031')]],
  ['nxp_rp_acs', [port('1957:8d80'), port('1957:8db9')]],
  ['zhaoxin_pcie_ports_acs', [port('1d17:0710'), port('1d17:071e'), port('1d17:0721'), port('1d17:0752')]],
  ['wangxun_nic_acs', [nic('8088:0100'), nic('8088:010f'), nic('8088:1001'), nic('8088:5140')]],
  ['rciep_acs', [rcEndpoint('00:05.0', { id: '8086:abcd', ...several })]],
] as const)('%s', (name, functions) => {
  test.each(functions.map((one): [string, PciFunction] => [one.id ?? '', one]))('isolates %s', (_, one) => {
    const { isolated, basis, quirk, quirkSince } = verdictOn(one);
    expect(quirkSince).toMatch(/^\d+\.\d+$/);
    expect({ isolated, basis, quirk }).toEqual({ isolated: true, basis: 'quirk', quirk: `pci_quirk_${name}` });
  });
});

test.each([
  ['an endpoint not listed', nic('8086:10ca')],
  ['a root complex endpoint of another vendor', rcEndpoint('00:05.0', { id: '10de:abcd', ...several })],
  ['an endpoint of Intel that is not integrated', nic('8086:abcd')],
  ['a Qualcomm port not listed', port('17cb:0402')],
  ['a PCH port not listed', port('8086:9c9c')],
  ['an endpoint with the id of a PCH port', nic('8086:3b42')],
  ['a downstream port with the id of a PCH port', downstreamPort('00:05.0', 1, { id: '8086:3b42' })],
  ['a Cavium port not listed', port('177d:a800')],
  ['an endpoint with the id of a Cavium port', nic('177d:a000')],
  ['an X-Gene port not listed', port('1def:e00d')],
  ['an iProc port not listed', port('14e4:d715')],
  ['a Loongson port not listed', port('0014:7a79')],
  ['an endpoint with the id of an Annapurna port', nic('1c36:0031')],
  ['an NXP port not listed', port('1957:8d84')],
  ['an endpoint with the id of a Zhaoxin port', nic('1d17:0710')],
])('no quirk has an opinion on %s', (_, one) => {
  expect(verdictOn(one)).toMatchObject({ isolated: false, basis: 'no-capability', quirk: undefined });
});

describe('a quirk that knows what does not isolate', () => {
  test.each([
    ['a Zhaoxin root port not listed', port('1d17:0722', { acs: ACS_ON })],
    ['a Zhaoxin downstream port not listed', downstreamPort('00:05.0', 1, { id: '1d17:0753', acs: ACS_ON })],
    ['a Wangxun function not listed', nic('8088:0200', { acs: ACS_ON })],
    ['a Wangxun function not listed, though alone', nic('8088:0200', { multifunction: false })],
  ])('says so whatever the flags: %s', (_, one) => {
    expect(verdictOn(one)).toMatchObject({ isolated: false, basis: 'quirk' });
  });

  test('says so of a listed PCH port when the kernel did not run the workaround', () => {
    const verdict = verdictOn(port('8086:3b42', { acs: ACS_ON }), { acsRequested: false });
    expect(verdict).toMatchObject({ isolated: false, basis: 'quirk', quirk: 'pci_quirk_intel_pch_acs' });
  });

  test('speaks of every device of a vendor, whatever it was asked of the highest id of another before', () => {
    const quirks = ['8085:fffe', '8086:'].map((id) => quirkOf(rcEndpoint('00:05.0', { id, ...several })));
    expect(quirks).toEqual([undefined, 'rciep_acs']);
  });

  test.each([port('1d17:', { acs: ACS_ON }), nic('8088:', { acs: ACS_ON })])(
    'leaves it open while the device id is not known',
    (one) => {
      expect(verdictOn(one)).toMatchObject({ isolated: false, unknown: 'device id of 0000:00:05.0' });
    },
  );

  test.each<[string, PciFunction]>([
    ['a root port of a vendor that the table knows', port('1957:')],
    ['a downstream port of a vendor that the table knows', downstreamPort('00:05.0', 1, { id: '1957:' })],
    ['a root port of which not even the vendor is known', unread(port('1957:'), 'id')],
    ['a network function of a vendor that the table knows', nic('19a2:')],
    ['a function of a kind not known, of a vendor that the table knows', unread(nic('19a2:'), 'class')],
  ])('may know %s, and leaves it open', (_, one) => {
    expect(verdictOn(one)).toMatchObject({ basis: 'unknown', unknown: 'device id of 0000:00:05.0' });
  });

  test.each<[string, PciFunction]>([
    ['a port of another vendor', port('10de:')],
    ['a function that is neither port nor network card', nic('19a2:', { class: '010802' })],
  ])('does not know %s, whatever its id', (_, one) => {
    expect(verdictOn(one)).toMatchObject({ isolated: false, basis: 'no-capability' });
  });

  test('takes no port of another vendor for one of Sunrise Point', () => {
    expect(verdictOn(port('1022:a110', { acs: ACS_ON }))).toMatchObject({ basis: 'flags', quirk: undefined });
  });

  test('leaves a Zhaoxin function that is no port to its flags', () => {
    expect(verdictOn(nic('1d17:0722', { acs: ACS_ON }))).toMatchObject({ isolated: true, basis: 'flags' });
  });
});

describe('an AMD southbridge function', () => {
  const smbus = (more: Partial<PciFunction> = {}) => conventional('00:14.0', { id: '1002:4385', ...several, ...more });

  test('isolates on a root bus, one of several, with an IVRS table', () => {
    expect(quirkOf(smbus(), { ivrs: true })).toBe('amd_sb_acs');
  });

  test('does not isolate without an IVRS table', () => {
    expect(isolates(smbus())).toBe(false);
  });

  test('does not isolate when it is alone', () => {
    expect(isolates(smbus({ multifunction: false }), { ivrs: true })).toBe(false);
  });

  test('does not isolate below a bridge', () => {
    const below = conventional('01:14.0', { id: '1002:4385', ...several });
    expect(verdictOn(below, { ivrs: true }, [pciBridge('00:01.0', 1)]).isolated).toBe(false);
  });

  test('is one of those listed', () => {
    expect(isolates(smbus({ id: '1002:4386' }), { ivrs: true })).toBe(false);
  });
});

test('asks the next row when the first has no opinion', () => {
  expect(quirkOf(nic('177d:a059'))).toBe('mf_endpoint_acs');
});

test('lets a quirk win over flags that are off', () => {
  expect(isolates(nic('8086:10c9', { acs: { capability: 'SV RR', control: '' } }))).toBe(true);
});

test('has no opinion on a function whose vendor is not known', () => {
  expect(verdictOn(nic('', { class: '040300' }))).toMatchObject({ isolated: false, basis: 'no-capability' });
});

test.each([
  ['3.11', 'AMD southbridges', conventional('00:14.0', { id: '1002:4385', ...several }), { ivrs: true }],
  ['3.15', 'PCH ports', port('8086:3b42'), {}],
  ['5.4', 'iProc ports', port('14e4:d714'), {}],
  ['5.4', 'Annapurna ports', port('1c36:0031'), {}],
  ['5.5', 'ThunderX2 ports', port('177d:af84'), {}],
  ['5.5', 'ThunderX3 ports', port('177d:b884'), {}],
  ['5.7', 'Zhaoxin ports', port('1d17:0732'), {}],
  ['5.7', 'Zhaoxin functions', nic('1d17:3038'), {}],
  ['5.8', 'integrated endpoints of Intel', rcEndpoint('00:05.0', { id: '8086:1', ...several }), {}],
  ['5.13', 'BCM57414', nic('14e4:16d7'), {}],
  ['5.15', 'Cavium functions', nic('177d:a026'), {}],
  ['5.15', 'NXP ports', port('1957:8d81'), {}],
  ['6.0', 'BCM5750x', nic('14e4:1750'), {}],
  ['6.3', 'Wangxun functions', nic('8088:1001'), {}],
  ['6.8', 'more Zhaoxin ports', port('1d17:0733'), {}],
  ['6.11', 'BCM5760x', nic('14e4:1760'), {}],
  ['6.12', 'the SA8775P port', port('17cb:0115'), {}],
  ['6.13', 'Wangxun FF5xxx', nic('8088:5010'), {}],
  ['6.16', 'Loongson ports', port('0014:7a09'), {}],
] as const)('knows from %s on: %s', (release, _, one, settings) => {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const before = minor > 0 ? `${major}.${minor - 1}` : `${major - 1}.99`;
  expect([isolates(one, { ...settings, release: before }), isolates(one, { ...settings, release })]).toEqual([
    false,
    true,
  ]);
});

test('a port that isolates by chipset registers does not, where the kernel skips the workaround', () => {
  const verdictWith = (rules: Record<string, string>) => verdictOn(port('8086:1c1f'), { rules });
  expect(verdictWith({})).toMatchObject({ isolated: true, quirk: 'pci_quirk_intel_pch_acs' });
  expect(verdictWith({ 'acs-workaround': 'skipped' })).toMatchObject({ isolated: false, basis: 'quirk' });
});
