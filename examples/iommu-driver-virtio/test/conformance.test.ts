import { conformanceSummary, driverConformance } from '@iommu/driver-testkit';
import { boot, type Machine } from '@iommu/machine';
import { endpoint, multifunction, rootPort } from '@iommu/machine/build';
import { expect, test } from 'vitest';
import { virtioIommu } from '../src/index.js';
import { byAcpi, byTree, DTB, VIOT } from './support/everything.js';
import { card, describeGuest, type GuestSketch, groupLines, iommu, virtioCard } from './support/guest.js';
import { hostTree } from './support/tree.js';

/** A case is some hundred boots; the computer may be busy. */
const PATIENCE_MS = 60_000;

const graphics = multifunction(
  endpoint({ id: '10de:2684', class: '030000' }),
  endpoint({ id: '10de:22ba', class: '040300' }),
);
const devices = [
  iommu(),
  rootPort({ slot: 2, id: '1b36:000c', acs: true }, [virtioCard(0)]),
  rootPort({ slot: 3, id: '1b36:000c' }, [graphics]),
  card(5),
];

const named = (name: string, sketch: GuestSketch): Machine => ({ ...describeGuest({ devices, ...sketch }), name });

const { firmware: _firmware, ...bare } = describeGuest({ devices });

const machines = [
  named('a VIOT', {}),
  named('groups that form as drivers are probed', { kernel: '6.12' }),
  named('a device tree', { viot: null, tree: hostTree(), arch: 'aarch64' }),
  named('every node of a VIOT', { viot: VIOT, platform: [byAcpi], arch: 'aarch64' }),
  named('every property of a device tree', {
    machine: { firmware: { deviceTree: DTB } },
    platform: [byTree],
    arch: 'aarch64',
  }),
  { ...bare, name: 'no firmware in the input' },
];

const cases = driverConformance({ driver: virtioIommu(), machines });

for (const { title, skip, run } of cases) (skip === undefined ? test : test.skip)(title, () => run(), PATIENCE_MS);

test.each(machines)('the kit has groups to look at: $name', (machine) => {
  expect(groupLines(boot(machine, { drivers: [virtioIommu()] })).length).toBeGreaterThan(2);
});

test('the kit leaves out only what the driver does not declare', () => {
  expect(conformanceSummary(cases)).toMatch(
    /^\d+ cases, 1 skipped \(contract\/relocate: it declares no relocate\(\)\)$/,
  );
});
