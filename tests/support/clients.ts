import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSnapshot } from '@iommu/host';
import { machineToJson } from '@iommu/machine/json';
import { root } from './command.js';
import { temporaryFolder } from './fake-root.js';
import { systemPath } from './needs.js';
import { type Recording, readRecordings, recordedMachines } from './recordings.js';
import { strip } from './strip.js';

const program = join(root, 'packages/cli/bin/iommu.js');

/** A recorded machine for a program that knows nothing of us. */
export interface Described {
  /** A description without anything that the kernel said of its groups. */
  readonly file: string;
  /** The groups that its kernel formed. */
  readonly groups: readonly Pick<Recording['expected']['groups'][number], 'id' | 'devices'>[];
}

export const describeRecording = ({ tree, expected }: Recording): Described => {
  const machine = readSnapshot(strip(tree), { attributes: true });
  if (!machine) throw new Error('no machine in the recording');
  const file = join(temporaryFolder(), 'machine.json');
  writeFileSync(file, JSON.stringify(machineToJson(machine)));
  return { file, groups: expected.groups };
};

/** A machine with a group of nine behind a bridge, and others. */
export const usualMachine = async (): Promise<Described> => {
  const [recording] = await readRecordings('vtd/intel-003');
  if (!recording) throw new Error('the recording is gone');
  return describeRecording(recording);
};

/** Recordings of hot-plug show the machine after its last step, where numbers tell of the way there. */
const AFTER_STEPS = /^hotplug\//;

/** Every recorded machine whose IOMMU has a driver here. */
export const clientMachines = async (): Promise<Recording[]> =>
  (await recordedMachines(['vtd', 'amdvi', 'smmuv3', 'rules', 'pairs', 'asked'])).filter(
    ({ name, expected }) => expected.iommu !== 'virtio' && !AFTER_STEPS.test(name),
  );

const LONGEST = 90_000;

/** Run an unmodified program; it is ended by force when it takes too long. */
export const runProgram = (
  [name = '', ...words]: readonly string[],
  env: NodeJS.ProcessEnv = {},
): SpawnSyncReturns<string> =>
  spawnSync(name, words, {
    encoding: 'utf8',
    env: { ...process.env, PATH: systemPath, LC_ALL: 'C', ...env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: LONGEST,
    killSignal: 'SIGKILL',
  });

/** Run an unmodified program by `iommu run`. @param flags - Of that. */
export const runInView = (
  { file }: Described,
  words: readonly string[],
  flags: readonly string[] = [],
): SpawnSyncReturns<string> =>
  runProgram([process.execPath, program, 'run', '--quiet', ...flags, file, '--', ...words]);

/** {@link runInView} for a script. */
export const shellInRun = (machine: Described, script: string, flags: readonly string[] = []) =>
  runInView(machine, ['sh', '-c', script], flags);

/** Both backings of a view. */
export const BACKINGS: readonly (readonly [name: string, flags: readonly string[]])[] = [
  ['live', []],
  ['static', ['--static']],
];

/** `0000:00:1f.2` to the number of its group, for those devices that are of PCI. */
export const groupOfEach = ({ groups }: Described): Record<string, number> =>
  Object.fromEntries(
    groups.flatMap(({ id, devices }) =>
      devices.filter((name) => /^[0-9a-f]{4,8}:[0-9a-f]{2}:/.test(name)).map((name) => [name, id] as const),
    ),
  );
