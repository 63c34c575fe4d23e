import { describe, expect, test } from 'vitest';
import { acsVerdict, describeVerdict, type PciFunction, PciReason, ruleSentence } from '../src/index.js';
import { configBytes, expressCapability } from './support/config-space.js';
import {
  ACS_EMPTY,
  ACS_ON,
  conventional,
  endpoint,
  eventCollector,
  pciBridge,
  pcieToPci,
  rootPort,
  unread,
  upstreamPort,
} from './support/functions.js';
import { deviceOf, type SettingsSketch, short } from './support/topology.js';
import { type Grouping, reasonFor } from './support/toy-driver.js';

const several = { multifunction: true };
const PORT = rootPort('00:01.0', 1, { acs: ACS_ON, subordinateBus: 9 });

/** One grouping decided by each rule. */
const CASES: Readonly<Record<string, [address: string, functions: PciFunction[], settings?: SettingsSketch]>> = {
  'same-dma-device': [
    '10000:e0:00.0',
    [endpoint('00:0e.0', { id: '8086:9a0b' }), endpoint('10000:e0:00.0', { segmentHost: '00:0e.0' })],
  ],
  'dma-alias': ['01:01.0', [pciBridge('00:1e.0', 1), conventional('01:01.0')]],
  'acs-missing-upstream': [
    '02:00.0',
    [
      rootPort('00:01.0', 1, { acs: { ...ACS_ON, control: 'SV UF' }, subordinateBus: 2 }),
      upstreamPort('01:00.0', 2),
      endpoint('02:00.0'),
    ],
  ],
  'alias-partner': ['01:00.1', [PORT, endpoint('01:00.0', { id: '1b4b:9230', ...several }), endpoint('01:00.1')]],
  'multifunction-without-acs': ['01:00.1', [PORT, endpoint('01:00.0', several), endpoint('01:00.1')]],
  'bus-with-alias': [
    '01:03.0',
    [PORT, endpoint('01:00.0', { id: '1b4b:9230' }), endpoint('01:03.0')],
    { rules: { 'pci-group': 'v3.17' } },
  ],
  isolated: ['01:00.0', [PORT, endpoint('01:00.0')]],
};

const reasonOf = (rule: string, grouping: Grouping = {}): PciReason => {
  const [address, functions, settings] = CASES[rule] as (typeof CASES)[string];
  return reasonFor(address, functions, settings, grouping);
};

describe.each([
  ['same-dma-device', 'get_pci_alias_or_group()', ['00:0e.0'], []],
  ['dma-alias', 'get_pci_alias_or_group()', ['00:1e.0'], []],
  ['acs-missing-upstream', 'pci_device_group()', ['01:00.0', '00:01.0'], ['01:00.0 true', '00:01.0 false']],
  ['alias-partner', 'get_pci_alias_group()', ['01:00.0'], []],
  [
    'multifunction-without-acs',
    'get_pci_function_alias_group()',
    ['01:00.0', '01:00.1'],
    ['01:00.1 false', '01:00.0 false'],
  ],
  ['bus-with-alias', 'iommu_group_get_for_pci_dev()', ['01:00.0'], []],
  ['isolated', 'pci_device_group()', ['01:00.0', '00:01.0'], ['00:01.0 true']],
])('a decision by %s', (rule, source, devices, verdicts) => {
  const reason = (): PciReason => reasonOf(rule);

  test('carries the code of its rule', () => {
    expect(reason().rule).toBe(rule);
  });

  test('names the kernel function', () => {
    expect(reason().source).toBe(source);
  });

  test('lists the devices that caused it, the nearest first', () => {
    expect(reason().devices.map(({ name }) => short(name))).toEqual(devices);
  });

  test('carries the verdicts weighed', () => {
    expect(reason().verdicts.map(({ device, isolated }) => `${short(device.name)} ${isolated}`)).toEqual(verdicts);
  });

  test('names the function that was grouped in its text', () => {
    expect(reason().text).toContain(reason().subject.name);
  });

  test('supposes nothing', () => {
    expect(reason().unknown).toEqual([]);
  });
});

test.each(Object.keys(CASES).filter((rule) => rule !== 'isolated'))(
  'names the other device in the text of %s',
  (rule) => {
    const { text, other } = reasonOf(rule);
    expect(text).toContain(other.name);
  },
);

test('names the failing bridge and what it lacks, though it is not the nearest', () => {
  expect(reasonOf('acs-missing-upstream').text).toContain('0000:00:01.0 lacks RR CR (ACS control: SV UF)');
});

test('says of both functions of a device why they do not isolate', () => {
  expect(reasonOf('multifunction-without-acs').text).toMatch(/0000:01:00\.1 .*no ACS.*0000:01:00\.0 .*no ACS/);
});

test('says of what is alone which bridges isolate it, and which functions', () => {
  expect(reasonOf('isolated').text).toMatch(/past the IOMMU: 0000:00:01\.0 has SV RR CR UF set\.$/);
  const functions = [PORT, endpoint('01:00.0', { ...several, acs: ACS_ON }), endpoint('01:00.1', { acs: ACS_ON })];
  expect(reasonFor('01:00.1', functions).text).toMatch(/: 0000:01:00\.1 has SV RR CR UF set; 0000:00:01\.0 has SV/);
  expect(reasonFor('00:05.0', [endpoint('00:05.0')]).text).toMatch(/: no bridge is above it\.$/);
  const integrated = reasonFor('00:05.0', [endpoint('00:05.0', { ...several, acs: ACS_ON })]);
  expect(integrated.verdicts.map(({ device }) => short(device.name))).toEqual(['00:05.0']);
});

test('says of what is alone nothing that was supposed of its own ACS', () => {
  const functions = [unread(endpoint('00:05.0', several), 'acs')];
  expect(reasonFor('00:05.0', functions, { unknown: 'optimistic' }).verdicts ?? []).toEqual([]);
});

test('says whose requester id is used, and who says so', () => {
  expect(reasonOf('alias-partner').text).toBe(
    'The IOMMU cannot tell 0000:01:00.1 and 0000:01:00.0 apart: DMA of 0000:01:00.0 may carry the requester id of 0000:01:00.1 (quirk table).',
  );
  const functions = [PORT, endpoint('01:00.0'), endpoint('01:00.1')];
  const reason = reasonFor('01:00.1', functions, {}, { aliasesOf: ({ devfn }) => (devfn === 1 ? [0] : []) });
  expect(reason.text).toContain('DMA of 0000:01:00.1 may carry the requester id of 0000:01:00.0 (firmware)');
  expect(reason.aliases.map(({ by }) => by)).toEqual(['firmware']);
});

test('keeps the alias by which a function that does not isolate was found', () => {
  const functions = [
    PORT,
    endpoint('01:00.0', { id: '1b4b:9230', ...several }),
    endpoint('01:00.1', { acs: ACS_ON }),
    endpoint('01:00.2'),
  ];
  const reason = reasonFor('01:00.2', functions, {}, { uncovered: ['01:00.0'] });
  expect(reason.rule).toBe('multifunction-without-acs');
  expect(reason.other.name).toBe('0000:01:00.1');
  expect(reason.text).toContain('DMA of 0000:01:00.0 may carry the requester id of 0000:01:00.1 (quirk table)');
});

describe('a bridge that has no group itself', () => {
  const ports = [
    rootPort('00:1c.0', 1, several),
    rootPort('00:1c.1', 2),
    endpoint('01:00.0'),
    pcieToPci('02:00.0', 3),
    conventional('03:01.0'),
  ];

  test('stands in for what is below it, and is named with what it lacks', () => {
    const reason = reasonFor('01:00.0', [...ports].reverse(), {}, { uncovered: ['00:1c.0'] });
    expect(reason.standIn).toMatchObject({ by: 'acs', device: { name: '0000:00:1c.0' } });
    expect(reason.devices.map(({ name }) => short(name))).toEqual(['00:1c.1', '00:1c.0']);
    expect(reason.text).toBe(
      '0000:01:00.0 can reach other devices below 0000:00:1c.0 past the IOMMU: 0000:00:1c.0 (root-port) has no ACS capability. ' +
        '0000:00:1c.0 and 0000:00:1c.1 are functions of one device that may talk to each other inside it: ' +
        '0000:00:1c.0 (root-port) has no ACS capability; 0000:00:1c.1 (root-port) has no ACS capability.',
    );
  });

  test('stands in for what arrives with its requester id', () => {
    const port = rootPort('00:1d.0', 2, { acs: ACS_ON, subordinateBus: 3 });
    const functions = [port, pcieToPci('02:00.0', 3), conventional('03:01.0')];
    const reason = reasonFor('03:01.0', functions, {}, { uncovered: ['02:00.0'] });
    expect(reason.standIn).toMatchObject({ by: 'alias', device: { name: '0000:02:00.0' }, verdicts: [] });
    expect(reason.text).toMatch(
      /^DMA of 0000:03:01\.0 arrives with a requester id of 0000:02:00\.0.* 0000:00:1d\.0 has SV/,
    );
  });
});

test('has a sentence for each rule that holds for any device', () => {
  for (const rule of [...Object.keys(CASES), 'bus-not-isolated']) expect(ruleSentence(rule)).toMatch(/^[A-Z].*\.$/);
  expect(ruleSentence('constructor')).toBeUndefined();
});

test('gives one reason for one decision', () => {
  expect(reasonOf('isolated')).toBeInstanceOf(PciReason);
});

describe('what a decision had to suppose', () => {
  const unknownOf = (address: string, ...functions: PciFunction[]) => [...reasonFor(address, functions).unknown];

  test('is each fact that a verdict lacked', () => {
    expect(unknownOf('01:00.0', unread(PORT, 'acs'), endpoint('01:00.0'))).toEqual(['ACS capability of 0000:00:01.0']);
  });

  test('is also a fact of a bridge higher up', () => {
    const functions = [unread(PORT, 'acs'), upstreamPort('01:00.0', 2), endpoint('02:00.0')];
    expect(unknownOf('02:00.0', ...functions)).toEqual(['ACS capability of 0000:00:01.0']);
  });

  test('is the bridge above a bus that no known bridge leads to', () => {
    const functions = [unread(PORT, 'secondaryBus', 'subordinateBus'), endpoint('05:00.0')];
    expect(unknownOf('05:00.0', ...functions)).toEqual(['bridge above 0000:05:00.0']);
  });

  test('is the kind of a bridge that was taken to put its own id on', () => {
    const functions = [unread(PORT, 'express', 'acs'), endpoint('01:00.0')];
    expect(unknownOf('01:00.0', ...functions)).toEqual(['capability list of 0000:00:01.0']);
  });

  test('is the ids that a Switchtec keeps in its own memory', () => {
    const ntb = endpoint('01:00.0', { id: '11f8:8531', class: '068000' });
    expect(unknownOf('01:00.0', PORT, ntb)).toEqual(['DMA aliases of 0000:01:00.0']);
  });

  test('is both when two functions of a device share a group on a guess', () => {
    const functions = [unread(endpoint('00:05.0', several), 'acs'), unread(endpoint('00:05.1'), 'acs')];
    expect(unknownOf('00:05.1', ...functions)).toEqual([
      'ACS capability of 0000:00:05.1',
      'ACS capability of 0000:00:05.0',
    ]);
  });
});

const config = configBytes({ capabilities: [expressCapability(12)] });

test.each<[string, PciFunction, string]>([
  ['a quirk', endpoint('00:05.0', { id: '8086:10c9' }), 'isolates by quirk pci_quirk_mf_endpoint_acs'],
  ['a quirk against it', endpoint('00:05.0', { id: '8088:1' }), 'does not isolate by quirk pci_quirk_wangxun_nic_acs'],
  ['all flags set', rootPort('00:05.0', 1, { acs: ACS_ON }), 'has SV RR CR UF set'],
  ['nothing advertised', rootPort('00:05.0', 1, { acs: ACS_EMPTY }), 'has nothing to control set'],
  [
    'flags off',
    rootPort('00:05.0', 1, { acs: { capability: 'SV RR', control: '' } }),
    'lacks SV RR (ACS control: none)',
  ],
  ['no capability', rootPort('00:05.0', 1), '(root-port) has no ACS capability'],
  ['conventional PCI', conventional('00:05.0'), 'is conventional PCI, which has no ACS'],
  ['a bridge', pcieToPci('00:05.0', 1), 'is a pcie-to-pci-bridge, which never isolates'],
  ['an event collector', eventCollector('00:05.0'), 'is a rc-event-collector, which never isolates'],
  ['a single function', endpoint('00:05.0'), 'has one function and is no port'],
  ['a reserved type', { address: '00:05.0', config }, 'is of reserved type 12'],
  [
    'a fact not known',
    unread(rootPort('00:05.0', 1), 'acs'),
    'is taken not to isolate, for want of the ACS capability of 0000:00:05.0',
  ],
])('describes a verdict by %s', (_, one, expected) => {
  expect(describeVerdict(acsVerdict(deviceOf(one)))).toBe(expected);
});
