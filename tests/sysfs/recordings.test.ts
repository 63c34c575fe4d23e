import { posix } from 'node:path';
import { boot, type RunningMachine } from '@iommu/machine';
import { nodeAt, type SysfsTree, sysfsOf, walk } from '@iommu/sysfs';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { compareRecorded, type Exception, shownNode } from '../support/recorded-paths.js';
import { machineOf, type Recording, recordedMachines } from '../support/recordings.js';
import { strip } from '../support/strip.js';

/*
 * The tree of a machine that was read from a recording without the kernel's answers, against the recording with them.
 */

const drivers = allDrivers();
const categories = ['vtd', 'amdvi', 'smmuv3', 'virtio-iommu', 'rules', 'pairs', 'asked', 'hotplug'];
/** These show the machine after the last step; what boot gave is checked by replaying them. */
const replayed = /^hotplug\/hotplug-(?:multifunction|qmp|remove)/;

interface Booted extends Recording {
  readonly running: RunningMachine;
  readonly sysfs: SysfsTree;
}

const booted = (await recordedMachines(categories))
  .filter(({ name }) => !replayed.test(name))
  .map((recording): Booted => {
    const running = boot(machineOf(strip(recording.tree), true), { drivers });
    return { ...recording, running, sysfs: sysfsOf(running) };
  });

/** Those of which some driver knows the IOMMU. */
const known = booted.filter(({ running, expected }) => running.iommu.units.length > 0 || expected.iommus.length === 0);

/** By kind of IOMMU. */
const compared: Record<string, number> = {};
const exceptions: Record<string, Partial<Record<Exception, number>>> = {};

const count = (iommu: string, exception: Exception): void => {
  const counted = exceptions[iommu] ?? {};
  exceptions[iommu] = { ...counted, [exception]: (counted[exception] ?? 0) + 1 };
};

test('only virtio-iommu may have no driver', () => {
  const unknown = booted.filter((recording) => !known.includes(recording));
  expect(unknown.filter(({ expected }) => expected.iommu !== 'virtio')).toEqual([]);
  expect(known.length).toBeGreaterThanOrEqual(180);
});

describe.each(known)('$name', (recording) => {
  const { sysfs, expected } = recording;

  test('has every recorded path, of the recorded kind, with the recorded link or content', () => {
    const { paths, differing, exceptions } = compareRecorded(recording, (path) => shownNode(nodeAt(sysfs.root, path)));
    compared[expected.iommu] = (compared[expected.iommu] ?? 0) + paths;
    for (const exception of exceptions) count(expected.iommu, exception);
    expect(differing).toEqual([]);
  });

  test('has links that are as short as can be and lead to something in the tree', () => {
    const wrong: string[] = [];
    for (const [path, node] of walk(sysfs.root)) {
      if (node.kind !== 'link') continue;
      const target = posix.join(posix.dirname(path), node.target);
      const isShort = node.target === shortest(posix.dirname(path), target);
      if (!isShort || nodeAt(sysfs.root, target)?.kind !== 'directory') wrong.push(`${path} -> ${node.target}`);
    }
    expect(wrong).toEqual([]);
  });
});

/** A link is named for what it leads to, even when that is above it. */
const shortest = (directory: string, target: string): string =>
  directory === target || directory.startsWith(`${target}/`)
    ? posix.join(posix.relative(directory, posix.dirname(target)), posix.basename(target))
    : posix.relative(directory, target);

test('so many paths were compared, and so many differ for a reason', () => {
  const least = { intel: 43_981, amd: 18_850, smmuv3: 11_157, none: 135 };
  for (const [iommu, count] of Object.entries(least)) expect(compared[iommu]).toBeGreaterThanOrEqual(count);
  expect(exceptions['none']).toBeUndefined();
  expect(exceptions).toMatchObject({
    intel: { damaged: 28, override: 6 },
    amd: { damaged: 13 },
    smmuv3: { damaged: 12, override: 284 },
  });
});
