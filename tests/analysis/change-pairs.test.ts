import { applyChanges } from '@iommu/analysis';
import { boot, type Machine } from '@iommu/machine';
import { factsOf } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { computed, recorded } from '../support/recorded-behaviour.js';
import { changesOf, type RecordedChange } from '../support/recorded-changes.js';
import { archives, machineOf, readJson, readPair } from '../support/recordings.js';
import { strip } from '../support/strip.js';

const drivers = allDrivers();
const pairs = await Promise.all(archives('pairs').map(readPair));

test('there are as many pairs as were made', () => {
  expect(pairs.length).toBe(22);
});

describe.each(pairs)('$name', ({ tree, before, after }) => {
  const change = readJson<RecordedChange>(tree, 'change.json') as RecordedChange;
  const machine = machineOf(strip(before.tree));

  test('gives the recorded groups after the change from the machine before it', () => {
    const changed = applyChanges(machine, changesOf(change), { drivers });
    const running = boot(changed.machine, { drivers, ...(changed.policy && { policy: changed.policy }) });
    expect(computed(running)).toEqual(recorded(after));
  });

  test('finds every device where it is after the change', () => {
    const { addresses } = applyChanges(machine, changesOf(change), { drivers });
    for (const { before: was, after: now } of Object.values(change.addresses)) {
      if (was !== null) expect(addresses.get(was) ?? null).toBe(now);
    }
  });

  test('numbers the buses in the bytes of bridges as firmware did', () => {
    const { machine: changed } = applyChanges(machine, changesOf(change), { drivers });
    const numbers = ({ pci }: Machine) =>
      new Map(
        (pci?.functions ?? []).flatMap(({ address, config }) => {
          const { secondaryBus, subordinateBus } = factsOf({ address, config: config as Uint8Array });
          return secondaryBus === undefined ? [] : [[address, `${secondaryBus}-${subordinateBus}`] as const];
        }),
      );
    const read = numbers(changed);
    for (const [address, range] of numbers(machineOf(after.tree)))
      if (read.has(address)) expect(`${address} ${read.get(address)}`).toBe(`${address} ${range}`);
  });
});
