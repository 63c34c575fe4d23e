import { applyChange, cardsOf, formatChange } from '@iommu/analysis';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { isDownstreamPort, isPciDevice } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { machineOf, recordedMachines } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { sampled } from '../support/sweep.js';

const drivers = allDrivers();
const concerned = (await recordedMachines(['vtd', 'amdvi', 'smmuv3', 'rules', 'pairs', 'asked'])).filter(
  ({ expected }) => expected.groups.length > 0,
);

const summary = (running: RunningMachine) =>
  [...running.iommu.groups].map((group) => [
    running.idIsKnown(group) ? group.id : null,
    group.type,
    group.devices.map(({ name }) => name),
  ]);

const parts = (machine: Machine) => summary(boot(machine, { drivers }));

describe.each(sampled(concerned, 30))('$name', ({ tree }) => {
  const machine = machineOf(strip(tree));
  const running = boot(machine, { drivers });
  const possible = cardsOf(machine).flatMap(({ moves }) => moves);

  test('a card that is moved to an empty port and back makes the same machine', () => {
    // On a bus with several slots it may come back to another.
    const home = ({ device }: { readonly device: string }) => running.topology.find(device)?.pciBus.self;
    for (const change of sampled(
      possible.filter((one) => isDownstreamPort(home(one)?.express)),
      4,
    )) {
      const away = applyChange(machine, change, { drivers });
      const now = away.addresses.get(change.device) ?? '';
      const back = applyChange(
        away.machine,
        { kind: 'move', device: now, to: away.addresses.get(home(change)?.name ?? '') ?? '' },
        { drivers },
      );
      for (const [was, middle] of away.addresses) expect(back.addresses.get(middle), formatChange(change)).toBe(was);
      expect(parts(back.machine), formatChange(change)).toEqual(parts(machine));
    }
  });

  test('a card that is moved to where there is an IOMMU keeps one, and so does everything else', () => {
    const covered = possible.filter(({ to }) => running.iommu.groups.of(running.device(to)));
    for (const change of sampled(covered, 4)) {
      const away = applyChange(machine, change, { drivers });
      const after = boot(away.machine, { drivers });
      for (const device of running.devices) {
        if (!isPciDevice(device) || !running.iommu.groups.of(device)) continue;
        const name = away.addresses.get(device.name) ?? '';
        // An SMMUv3 has room for one only of those behind a bridge to conventional PCI.
        if (after.outcomeOf(after.device(name)).reasons.some(({ rule }) => rule === 'stream-id-taken')) continue;
        expect(
          after.iommu.groups.of(after.device(name)),
          `${formatChange(change)}: ${device.name}, now ${name}`,
        ).toBeDefined();
      }
    }
  });
});
