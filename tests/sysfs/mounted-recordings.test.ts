import { fileURLToPath } from 'node:url';
import { readMachineBytes } from '@iommu/host';
import { boot, type Machine } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import { rootEntries, rootFiles, sysfsOf, tarChunks } from '@iommu/sysfs';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { collect } from '../support/collect.js';
import { allDrivers } from '../support/drivers.js';
import { mountFolder, mountIn, reader, runIn } from '../support/fuse/mounts.js';
import type { Mounted } from '../support/fuse/read-mounted.js';
import { compareRecorded } from '../support/recorded-paths.js';
import { archives, machineOf, type Recording, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { sampled } from '../support/sweep.js';

/*
 * What a program reads from a mount, file by file against what the recorded kernel showed. The mounted machine was read from the
 * recording without the kernel's answers.
 */

const CATEGORIES = ['vtd', 'amdvi', 'smmuv3', 'rules', 'pairs', 'asked', 'hotplug'];
/** These show the machine after their last step; a mount shows it after its boot. */
const replayed = /^hotplug\/hotplug-(?:multifunction|qmp|remove)/;
const DESCRIPTION = 'machine.json';

const totals = { machines: 0, paths: 0, exceptions: 0 };
afterAll(() => {
  console.log(
    `${totals.machines} recorded machines mounted, ${totals.paths} paths compared, ${totals.exceptions} differ for a reason`,
  );
});

const plain = (json: unknown): unknown => JSON.parse(JSON.stringify({ ...(json as object), name: 'it' }));

/** What the readers of dumps make of the tree without its description, when it is an archive. */
const bareArchive = async (machine: Machine): Promise<unknown> => {
  const running = boot(machine, { drivers: allDrivers() });
  const entries = [...rootEntries(sysfsOf(running).root, rootFiles(running.describe()))];
  const archive = await collect(tarChunks(entries.filter(({ path }) => path !== DESCRIPTION)));
  return machineToJson(await readMachineBytes(archive));
};

const checkOne = async (context: TestContext, recording: Recording): Promise<void> => {
  const machine = machineOf(strip(recording.tree), true);
  const { path } = await mountIn(mountFolder(context), machine);
  const { stdout, stderr } = await runIn('/', [process.execPath, fileURLToPath(reader()), path], 40);
  expect(stderr).toBe('');
  const mounted = JSON.parse(stdout) as Mounted;

  const compared = compareRecorded(recording, (below) => mounted.paths[below] ?? 'nothing');
  expect(compared.differing).toEqual([]);
  totals.machines += 1;
  totals.paths += compared.paths;
  totals.exceptions += compared.exceptions.length;

  // What was mounted is read back: by its description, and as the tree of any machine.
  expect(plain(mounted.whole)).toEqual(plain(machineToJson(boot(machine, { drivers: allDrivers() }).describe())));
  expect(plain(mounted.bare)).toEqual(plain(await bareArchive(machine)));
};

/** virtio-iommu has no driver here. */
const checkArchive = async (context: TestContext, archive: string): Promise<void> => {
  for (const recording of await readRecordings(archive))
    if (recording.expected.iommu !== 'virtio') await checkOne(context, recording);
};

const chosen = sampled(
  CATEGORIES.flatMap(archives).filter((archive) => !replayed.test(archive)),
  8,
);

describe('a mounted machine is what its kernel showed', () => {
  for (const archive of chosen) test(archive, async (context) => checkArchive(context, archive));
});
