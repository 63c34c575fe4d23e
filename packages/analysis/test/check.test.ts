import { writeDmar } from '@iommu/driver-intel-vtd';
import type { MachinePciFunction } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { check, partitionIsCertain } from '../src/index.js';
import { both, card, cardScope, machineOf, port } from './support/machines.js';

const ISOLATING = port(1);
const WITHOUT_ACS = port(1, { acs: null });
/** Without the member: what was not read is not there. */
const without = <K extends keyof MachinePciFunction>(fn: MachinePciFunction, key: K): MachinePciFunction => {
  const { [key]: _, ...rest } = fn;
  return rest as MachinePciFunction;
};

/** Two ports with a card each, the first as given, against groups as observed. */
const compare = (first: MachinePciFunction, groups: readonly (readonly string[])[]) => {
  const [pessimistic, optimistic] = both(machineOf([first, port(2), card(1), card(2)], groups));
  return { report: check(pessimistic, optimistic), certain: partitionIsCertain(pessimistic, optimistic) };
};

const APART = [['0000:00:01.0'], ['0000:00:02.0'], ['0000:01:00.0'], ['0000:02:00.0']];
const MERGED = [['0000:00:01.0', '0000:01:00.0'], ['0000:00:02.0'], ['0000:02:00.0']];

describe('a machine of which everything is known', () => {
  test('is equal in partition and ids', () => {
    expect(compare(ISOLATING, APART)).toEqual({
      report: { schema: 1, partition: 'equal', ids: 'equal', devices: 4, differing: [], missing: [] },
      certain: true,
    });
  });

  test('does not care for the order in which members were observed', () => {
    const [first = [], ...rest] = MERGED;
    expect(compare(WITHOUT_ACS, [first.toReversed(), ...rest]).report?.partition).toBe('equal');
  });

  test('has equal groups and other ids', () => {
    expect(compare(ISOLATING, APART.toReversed()).report).toMatchObject({ partition: 'equal', ids: 'unknown' });
  });

  test('differs, and tells both groups of each device concerned and why', () => {
    const { report } = compare(ISOLATING, MERGED);
    expect(report).toMatchObject({ partition: 'differs', devices: 4 });
    expect(report?.differing).toEqual([
      {
        device: '0000:00:01.0',
        observed: ['0000:00:01.0', '0000:01:00.0'],
        computed: ['0000:00:01.0'],
        reason: expect.stringContaining('0000:00:01.0'),
      },
      {
        device: '0000:01:00.0',
        observed: ['0000:00:01.0', '0000:01:00.0'],
        computed: ['0000:01:00.0'],
        reason: expect.stringContaining('0000:01:00.0'),
      },
    ]);
  });

  test('differs where the kernel gave a device no group', () => {
    const { report } = compare(ISOLATING, APART.slice(0, 3));
    expect(report?.partition).toBe('differs');
    expect(report?.differing).toMatchObject([{ device: '0000:02:00.0', observed: null, computed: ['0000:02:00.0'] }]);
  });

  test('names devices that were observed and are not described', () => {
    const { report } = compare(ISOLATING, [...APART, ['0000:03:00.0']]);
    expect(report).toMatchObject({ partition: 'equal', missing: ['0000:03:00.0'] });
  });
});

describe('a machine of which a port was not read in full', () => {
  test.each([
    ['apart', APART, 'unknown'],
    ['merged', MERGED, 'equal'],
  ])('%s: what was observed is among what the facts allow', (_, groups, partition) => {
    expect(compare(without(port(1), 'acs'), groups)).toMatchObject({
      report: { partition, ids: expect.any(String) },
      certain: false,
    });
  });

  test('differs when no reading of the missing facts gives what was observed', () => {
    const joined = [['0000:00:02.0', '0000:02:00.0'], ['0000:00:01.0'], ['0000:01:00.0']];
    expect(compare(without(port(1), 'acs'), joined).report?.partition).toBe('differs');
  });
});

test('is not certain while a bridge may lead to either of two buses', () => {
  const lost = [1, 2].map((bus) => without(card(bus, { address: `0000:0${bus + 6}:00.0` }), 'parent'));
  const leadsAnywhere = without(without(port(1), 'secondaryBus'), 'subordinateBus');
  const [pessimistic, optimistic] = both(machineOf([leadsAnywhere, port(2), ...lost]));
  expect(partitionIsCertain(pessimistic, optimistic)).toBe(false);
});

test('is not certain where a bridge that has no IOMMU may isolate: it joins nothing, and what does not isolate leads to it', () => {
  const cards = [0, 1].map((fn) => card(1, { address: `0000:01:00.${fn}`, multifunction: true }));
  const scopes = [cardScope(1, 0), cardScope(1, 1)];
  const DMAR = writeDmar({ units: [{ registerBase: 0xfed90000n, scopes }] });
  const described = (bridge: MachinePciFunction) => ({
    ...machineOf([bridge, ...cards]),
    kernel: { release: '7.3.0', arch: 'x86_64', commandLine: 'intel_iommu=on' },
    firmware: { acpi: { DMAR } },
  });
  const groupsWith = (bridge: MachinePciFunction) => both(described(bridge)).map(({ iommu }) => iommu.groups.size);
  expect([groupsWith(ISOLATING), groupsWith(WITHOUT_ACS)]).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(partitionIsCertain(...both(described(ISOLATING)))).toBe(true);
  expect(partitionIsCertain(...both(described(without(ISOLATING, 'acs'))))).toBe(false);
});

test('has nothing to say where nothing was observed', () => {
  const [running] = both(machineOf([port(1), card(1)]));
  expect(check(running)).toBeUndefined();
});
