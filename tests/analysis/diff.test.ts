import { type DiffReport, diff, hasChanges, type TriedDifference } from '@iommu/analysis';
import { boot, type Machine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import type { RecordedChange } from '../support/recorded-changes.js';
import { archives, machineOf, readJson, readPair, recordedMachines } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { sampled } from '../support/sweep.js';

const drivers = allDrivers();

const bounds = (machine: Machine) => {
  const running = boot(machine, { drivers });
  return { running, optimistic: running };
};

const asked = (a: Machine, b: Machine, computed = false): DiffReport =>
  diff(bounds(a), bounds(b), { drivers, computed });

const pairs = await Promise.all(archives('pairs').map(readPair));

/** What the one change of a pair is to be reported as, from the fields of `change.json`; nothing here knows any one pair. */
const expected = (change: RecordedChange): Partial<TriedDifference>[] => {
  const { fields, addresses, kind } = change;
  const at = (id: string, side: 'before' | 'after'): string => addresses[id]?.[side] ?? '';
  const outermost = (list: RecordedChange['topology']['added']): string[] => {
    const ids = list.map(({ id }) => id);
    return list.flatMap(({ id, bus }) => (id !== undefined && !ids.includes(bus) ? [id] : []));
  };
  const gone = outermost(change.topology.removed).map((id) => at(id, 'before'));
  const come = outermost(change.topology.added).map((id) => at(id, 'after'));
  const added = { kind: 'added', devices: { before: [], after: come } } as const;
  const removed = { kind: 'removed', devices: { before: gone, after: [] } } as const;
  const moved = (id: string) =>
    ({ kind: 'moved', devices: { before: [at(id, 'before')], after: [at(id, 'after')] } }) as const;
  switch (kind) {
    case 'add':
      return [added];
    case 'remove':
      return [removed];
    case 'replace':
      return [removed, added];
    case 'move':
      return 'device' in fields ? [moved(String(fields['device']))] : Object.keys(fields['devices'] ?? {}).map(moved);
    case 'readdress':
      return Object.keys(fields['moved'] ?? {}).map(moved);
    case 'acs': {
      const port = String(fields['port']);
      return [{ kind: 'acs', devices: { before: [at(port, 'before')], after: [at(port, 'after')] } }];
    }
    case 'cmdline':
      return [{ kind: 'command-line', before: null, after: String(fields['add']) }];
    case 'kernel':
      return [
        {
          kind: 'kernel',
          before: expect.stringMatching(new RegExp(`^${fields['from']}\\.`)),
          after: expect.stringMatching(new RegExp(`^${fields['to']}\\.`)),
        },
      ];
    case 'firmware-table':
      return [{ kind: 'firmware-table', after: expect.stringMatching(new RegExp(`^${fields['table']},`)) }];
    case 'scope':
      return [{ kind: 'firmware-table', after: expect.stringMatching(/^DMAR,/) }];
    case 'sriov': {
      const [before = '', after = ''] = (fields['sriov_numvfs'] as number[]).map(String);
      return (fields['devices'] as string[])
        .filter((id) => at(id, 'before') !== '')
        .map((id) => ({
          kind: 'virtual-functions',
          devices: { before: [at(id, 'before')], after: [at(id, 'after')] },
          before,
          after,
        }));
    }
    default:
      throw new Error(`no difference is of the kind ${kind}`);
  }
};

const MIRRORED: Readonly<Record<string, string>> = {
  split: 'merged',
  merged: 'split',
  grown: 'shrunk',
  shrunk: 'grown',
  gained: 'lost',
  lost: 'gained',
  added: 'removed',
  removed: 'added',
};

const mirrored = <T extends { readonly before: unknown; readonly after: unknown }>(one: T) => ({
  ...one,
  before: one.after,
  after: one.before,
});

/** What a comparison says, apart from the order in which it says it and from which side gives reasons. */
const content = (report: DiffReport) => {
  const causesOf = ({ causes }: { readonly causes: readonly number[] }) =>
    causes.map((at) => JSON.stringify(sortedDifference(report.differences[at] as TriedDifference))).sort();
  const sorted = (list: readonly unknown[]) => list.map((one) => JSON.stringify(one)).sort();
  return {
    groups: report.groups,
    devices: report.devices,
    differences: sorted(report.differences.map(sortedDifference)),
    renumbered: sorted(report.renumbered),
    moved: sorted(report.moved),
    replaced: sorted(report.replaced),
    added: [...report.added].sort(),
    removed: [...report.removed].sort(),
    changed: sorted(
      report.changed.map((one) => ({ change: one.change, before: one.before, after: one.after, by: causesOf(one) })),
    ),
    ids: sorted(report.ids.map(({ before, after }) => ({ before, after }))),
    types: sorted(report.types.map((one) => ({ before: one.before, after: one.after, by: causesOf(one) }))),
  };
};

const sortedDifference = ({ kind, devices, before, after, matters }: TriedDifference) => ({
  kind,
  devices,
  before,
  after,
  matters,
});

/** The comparison the other way round, as it ought to be. */
const mirror = (report: DiffReport): DiffReport => ({
  ...report,
  groups: mirrored(report.groups),
  devices: mirrored(report.devices),
  differences: report.differences.map((one) => ({
    ...mirrored(one),
    kind: (MIRRORED[one.kind] ?? one.kind) as TriedDifference['kind'],
    devices: mirrored(one.devices),
  })),
  renumbered: report.renumbered.map(mirrored),
  moved: report.moved.map(mirrored),
  replaced: report.replaced.map(mirrored),
  added: report.removed,
  removed: report.added,
  changed: report.changed.map((one) => ({
    ...mirrored(one),
    change: (MIRRORED[one.change] ?? one.change) as DiffReport['changed'][number]['change'],
  })),
  ids: report.ids.map(mirrored),
  types: report.types.map(mirrored),
});

describe.each(pairs)('$name', ({ tree, before, after }) => {
  const change = readJson<RecordedChange>(tree, 'change.json') as RecordedChange;
  const [a, b] = [machineOf(before.tree), machineOf(after.tree)];

  test('reports the one change, and nothing else, as what differs', () => {
    const { differences, source } = asked(a, b);
    expect(source).toBe('observed');
    const wanted = expected(change);
    expect(differences.map(({ kind }) => kind).sort()).toEqual(wanted.map(({ kind }) => kind).sort());
    for (const one of wanted) expect(differences).toContainEqual(expect.objectContaining(one));
  });

  test('names it as the cause of every group and type that is another', () => {
    for (const report of [asked(a, b), asked(machineOf(strip(before.tree)), machineOf(strip(after.tree)))]) {
      const kinds = new Set(expected(change).map(({ kind }) => kind));
      for (const { causes } of [...report.changed, ...report.types]) {
        expect(causes.length).toBeGreaterThan(0);
        for (const at of causes) expect(kinds).toContain(report.differences[at]?.kind);
      }
    }
  });

  test('finds every device where it is after the change', () => {
    const report = asked(a, b);
    const names = new Map(
      [...report.renumbered, ...report.moved, ...report.replaced].map((one) => [one.before, one.after]),
    );
    for (const { before: was, after: now } of Object.values(change.addresses)) {
      if (was !== null && now !== null) expect(names.get(was) ?? was).toBe(now);
      else if (was !== null) expect(report.removed).toContain(was);
      else if (now !== null) expect(report.added).toContain(now);
    }
  });

  test('says the same the other way round', () => {
    expect(content(asked(b, a))).toEqual(content(mirror(asked(a, b))));
    expect(content(asked(b, a, true))).toEqual(content(mirror(asked(a, b, true))));
  });
});

const all = await recordedMachines(['vtd', 'amdvi', 'smmuv3', 'virtio-iommu', 'rules', 'asked', 'hotplug', 'pairs']);

test.each(sampled(all, 40))('$name does not differ from itself', ({ tree }) => {
  for (const by of ['path', 'address', 'id'] as const) {
    const report = diff(bounds(machineOf(tree)), bounds(machineOf(tree)), { drivers, by });
    expect(report).toMatchObject({ differences: [], renumbered: [], ids: [], certain: true });
    expect(hasChanges(report)).toBe(false);
  }
});
