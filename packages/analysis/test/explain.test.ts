import { boot, type Machine } from '@iommu/machine';
import {
  conventionalDevice,
  downstreamPort,
  endpoint,
  multifunction,
  pcieSwitch,
  rootPort,
} from '@iommu/machine/build';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type ExplainReport, explain, explainSchema, pathTree, Trials } from '../src/index.js';
import { codeOf, desk, drawn, drivers } from './support/drawn.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(explainSchema);

const asked = (machine: Machine, a: string, b?: string, cap?: number): ExplainReport => {
  const trials = new Trials(machine, { drivers, ...(cap !== undefined && { cap }) });
  const optimistic = boot(machine, { drivers, unknown: 'optimistic' });
  const report = explain(trials, optimistic, a, b);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const ways = ({ ways: all }: ExplainReport): string[] =>
  all.map(({ kind, changes }) => `${kind}: ${changes.join(' + ')}`);
const links = ({ links: all }: ExplainReport): string[] =>
  all.map(({ device, joined, rule }) => `${device.slice(5)} ${rule} ${joined?.slice(5) ?? '-'}`);

const ALL = 'SV RR CR UF';
const offered = (control = '') => ({ capability: ALL, control });

/** A switch without ACS on its two ports, behind a port with. */
const withSwitch = (ports: typeof ALL | '' = '', kernel = '6.12.0'): Machine =>
  drawn(
    [
      rootPort({ slot: 1, acs: true }, [
        pcieSwitch({}, [
          downstreamPort({ acs: offered(ports) }, [endpoint({ id: '10de:1' })]),
          downstreamPort({ acs: offered(ports) }, [endpoint({ id: '10de:2' })]),
        ]),
      ]),
      rootPort({ slot: 2, acs: true }),
    ],
    { kernel: { release: kernel, commandLine: 'intel_iommu=on' } },
  );

describe('two devices of one group', () => {
  test('hang together by the recorded reason, with all that was weighed', () => {
    const report = asked(desk(), '01:00.0', '00:01.0');
    expect(report).toMatchObject({ relation: 'together', certain: true, devices: ['0000:01:00.0', '0000:00:01.0'] });
    expect(report.groups.map((group) => group?.id)).toEqual([0, 0]);
    expect(report.links).toEqual([
      {
        device: '0000:01:00.0',
        joined: '0000:00:01.0',
        rule: 'acs-missing-upstream',
        sentence: expect.stringContaining('A device shares the group of the nearest bridge above it'),
        text: expect.stringContaining('0000:00:01.0 (root-port) has no ACS capability'),
        source: 'pci_device_group()',
        components: [
          {
            device: '0000:00:01.0',
            kind: 'root-port',
            isolates: false,
            basis: 'no-capability',
            acs: 'none',
            needed: ALL,
            missing: ALL,
            quirk: null,
            quirkSince: null,
            text: '(root-port) has no ACS capability',
          },
        ],
        unknown: [],
      },
    ]);
  });

  test('hang together over others, nearest first, in the order from one to the other', () => {
    expect(links(asked(desk(), '04:01.0', '04:04.0'))).toEqual([
      '04:01.0 dma-alias 03:00.0',
      '04:04.0 dma-alias 03:00.0',
    ]);
  });

  test('are parted by what is lacking, by another slot, and on paper', () => {
    const report = asked(desk({ kernel: { release: '7.3' } }), '01:00.0', '00:01.0');
    expect(ways(report)).toEqual([
      'firmware: acs on 0000:00:01.0',
      'slot: move 0000:01:00.0 to 0000:00:04.0',
      'slot: move 0000:01:00.0 to 0000:00:05.0',
    ]);
    expect(report.onPaper).toEqual([{ kind: 'several', changes: ['acs-override=downstream'] }]);
  });

  test('are parted on the command line where ACS is there and off', () => {
    const report = asked(withSwitch(), '03:00.0', '04:00.0');
    expect(report.relation).toBe('apart');
    const port = asked(withSwitch(), '03:00.0', '02:00.0');
    expect(ways(port)[0]).toBe('command-line: config_acs=xx111x1@0000:02:00.0');
    expect(ways(asked(withSwitch('', '6.1'), '03:00.0', '02:00.0'))[0]).toBe('firmware: acs on 0000:02:00.0');
  });

  test('are parted only by both, where either alone leaves another way', () => {
    const machine = drawn([
      rootPort({ slot: 1 }, [pcieSwitch({}, [downstreamPort({}, [endpoint()]), downstreamPort({}, [endpoint()])])]),
    ]);
    const report = asked(machine, '03:00.0', '02:00.0');
    expect(report.ways[0]).toEqual({ kind: 'firmware', changes: ['acs on 0000:02:00.0', 'acs on 0000:00:01.0'] });
  });

  test('are not parted by anything on a conventional bus; all was tried', () => {
    const report = asked(desk(), '04:01.0', '04:04.0');
    expect(report).toMatchObject({ relation: 'together', ways: [], onPaper: [], exhaustive: true });
  });

  test('are perhaps parted by something, where not all could be tried', () => {
    expect(asked(desk(), '04:01.0', '04:04.0', 5)).toMatchObject({ ways: [], exhaustive: false });
  });

  test('change places where no slot is free', () => {
    const machine = drawn([
      rootPort({ slot: 1 }, [multifunction(endpoint({ id: '10de:1' }), endpoint({ id: '10de:2' }))]),
      rootPort({ slot: 2, acs: true }, [endpoint({ id: '10de:3' })]),
    ]);
    expect(ways(asked(machine, '01:00.0', '00:01.0'))).toContain('slot: swap 0000:01:00.0 with 0000:02:00.0');
  });
});

describe('two devices of two groups', () => {
  test('are isolated by what has ACS, and joined without it', () => {
    const report = asked(desk(), '07:00.0', '00:06.0');
    expect(report).toMatchObject({ relation: 'apart', rootComplex: false });
    expect(report.isolation).toMatchObject([
      { device: '0000:00:06.0', basis: 'flags', acs: { capability: ALL, control: ALL }, needed: ALL, missing: '' },
    ]);
    expect(ways(report)).toEqual(['firmware: acs off 0000:00:06.0']);
  });

  test('are joined only without both, where both isolate', () => {
    const machine = drawn([
      multifunction(rootPort({ slot: 1, acs: true }, [endpoint()]), rootPort({ acs: true }, [endpoint()])),
    ]);
    const report = asked(machine, '01:00.0', '02:00.0');
    expect(report.isolation.map(({ device }) => device)).toEqual(['0000:00:01.0', '0000:00:01.1']);
    expect(ways(report)).toEqual(['firmware: acs off 0000:00:01.0 + acs off 0000:00:01.1']);
  });

  test('are isolated by a quirk, and joined by a kernel that does not know it', () => {
    const functions = [endpoint({ id: '8086:10c9' }), endpoint({ id: '8086:10c9' })];
    const report = asked(
      drawn([rootPort({ slot: 1, acs: true }, [multifunction(...functions)])]),
      '01:00.0',
      '01:00.1',
    );
    expect(report.isolation).toMatchObject([
      { device: '0000:00:01.0' },
      { device: '0000:01:00.0', basis: 'quirk', quirk: 'pci_quirk_mf_endpoint_acs', quirkSince: expect.any(String) },
      { device: '0000:01:00.1', basis: 'quirk' },
    ]);
    expect(ways(report)).toEqual([
      'firmware: acs off 0000:00:01.0',
      expect.stringMatching(/^kernel: kernel \d+\.\d+$/),
    ]);
  });

  test('meet only in the root complex, which nothing changes', () => {
    const machine = drawn([conventionalDevice({ slot: 2 }), conventionalDevice({ slot: 3 })]);
    expect(asked(machine, '00:02.0', '00:03.0')).toMatchObject({
      relation: 'apart',
      rootComplex: true,
      isolation: [],
      ways: [],
      exhaustive: true,
    });
  });
});

describe('one device', () => {
  test('has its reason, and those of what it joined', () => {
    const report = asked(desk(), '01:00.1');
    expect(report.relation).toBe('shared');
    expect(links(report)).toEqual(['01:00.1 acs-missing-upstream 00:01.0', '00:01.0 isolated -']);
    expect(ways(report)).toContain('firmware: acs on 0000:00:01.0');
  });

  test('is alone by what isolates it', () => {
    const report = asked(desk(), '07:00.0');
    expect(report).toMatchObject({ relation: 'alone', ways: [], links: [{ rule: 'isolated', joined: null }] });
    expect(report.links[0]?.components.map(({ device }) => device)).toEqual(['0000:00:06.0']);
  });

  test('asked for twice is one', () => {
    expect(asked(desk(), '07:00.0', '0000:07:00.0').devices).toEqual(['0000:07:00.0']);
  });
});

test('a device without a group has the reason for that', () => {
  const machine = desk({ kernel: { release: '6.12', commandLine: 'intel_iommu=off' } });
  expect(asked(machine, '07:00.0')).toMatchObject({ relation: 'ungrouped', groups: [null] });
  const report = asked(machine, '07:00.0', '00:06.0');
  expect(report).toMatchObject({ relation: 'ungrouped', groups: [null, null], ways: [] });
  expect(report.links[0]?.text).toContain('VT-d is switched off');
});

test('what is not on the machine is refused', () => {
  expect(codeOf(() => asked(desk(), '09:00.0'))).toMatch(/^ERR_DEVICE_UNKNOWN/);
});

describe('a fact that is missing', () => {
  const unread = (address: string): Machine => {
    const functions = (desk().pci?.functions ?? []).map((one) => {
      if (one.address !== address) return one;
      const { acs: _, ...rest } = one;
      return rest;
    });
    return desk({ pci: { functions, acsRead: 'after-boot' } });
  };

  test('is named, with how to get it, and makes what rests on it uncertain', () => {
    const report = asked(unread('0000:00:06.0'), '07:00.0', '00:06.0');
    expect(report).toMatchObject({ relation: 'together', certain: false });
    expect(report.unknown).toEqual([
      { fact: 'ACS capability of 0000:00:06.0', capture: expect.stringContaining('sudo lspci -vvvnn') },
    ]);
    expect(report.links[0]?.components[0]).toMatchObject({ basis: 'unknown', acs: 'unknown' });
    expect(asked(unread('0000:00:06.0'), '07:00.0').certain).toBe(false);
  });

  test('elsewhere leaves an answer certain', () => {
    expect(asked(unread('0000:00:06.0'), '01:00.0', '00:01.0')).toMatchObject({ certain: true, unknown: [] });
  });
});

test('the ways down to two devices have in common what they have in common', () => {
  const trees = pathTree(boot(withSwitch(), { drivers }), ['0000:03:00.0', '0000:04:00.0']);
  const spell = (nodes: (typeof trees)[number]['behind']): unknown =>
    nodes.map(({ component, group, behind }) => [component.device.slice(5), group, ...[spell(behind)].flat()]);
  expect(trees.map(({ rootBus }) => rootBus)).toEqual(['0000:00']);
  expect(spell(trees[0]?.behind ?? [])).toEqual([
    ['00:01.0', 0, ['01:00.0', 2, ['02:00.0', 3, ['03:00.0', 3]], ['02:01.0', 4, ['04:00.0', 4]]]],
  ]);
});
