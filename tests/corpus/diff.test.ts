import { relative } from 'node:path';
import { diff, hasChanges, stableIds, stale } from '@iommu/analysis';
import { dumpsIn, readMachine } from '@iommu/host';
import { boot } from '@iommu/machine';
import { expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { needsCorpus } from '../support/needs.js';

const drivers = allDrivers();

test('real machines do not differ from themselves, have a name for each device, and no bits changed since boot', {
  timeout: 300_000,
}, async (context) => {
  const folder = needsCorpus(context, 'real/lspci-with-groups');
  const dumps = dumpsIn(folder).filter((name) => !name.endsWith('.json'));
  expect(dumps.length).toBeGreaterThan(10);
  for (const path of dumps) {
    const name = relative(folder, path);
    const machine = await readMachine(path);
    const sides = [boot(machine, { drivers }), boot(machine, { drivers })].map((running) => ({
      running,
      optimistic: running,
    }));
    const [base, same] = sides as [(typeof sides)[number], (typeof sides)[number]];
    for (const by of ['path', 'address', 'id'] as const) {
      const report = diff(base, same, { drivers, by });
      expect(report, name).toMatchObject({ differences: [], renumbered: [], ids: [] });
      expect(hasChanges(report), name).toBe(false);
    }
    const { groups, ungrouped } = stableIds(base.running);
    const paths = [...groups.flatMap(({ devices }) => devices), ...ungrouped].map((one) => one.path);
    expect(new Set(paths).size, name).toBe(paths.length);
    expect(paths.length, name).toBe(base.running.devices.length);
    expect(['current', 'unknown'], name).toContain(stale(machine, { drivers }).verdict);
  }
});
