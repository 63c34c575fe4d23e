import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { IommuError } from '@iommu/core';
import { policyNamed } from '@iommu/machine';
import { runTasks } from '../compare/pool.js';
import { tasksOf } from '../compare/sources.js';
import { addTally, emptyTally, type Tally, type TaskSettings } from '../compare/task.js';
import { driverModules, driversFor } from '../drivers.js';
import { Exit, type ExitCode } from '../exit.js';
import { writeOut, writeTo } from '../output.js';
import { say } from '../talk.js';
import { isTerminal } from '../terminal.js';
import type { GroupsFlags } from './groups.js';

/** The policy that changes nothing. */
const KERNEL = 'kernel';

/** Between two lines of progress, in milliseconds. */
const PROGRESS = 200;

const threadsFrom = (jobs: string | undefined): number => {
  if (jobs === undefined) return availableParallelism();
  const threads = Number(jobs);
  if (!Number.isInteger(threads) || threads < 1)
    throw new IommuError('ERR_USAGE', `--jobs ${jobs}: expected a number of threads, from 1 on`);
  return threads;
};

const summary = ({ machines, changed, uncertain, failed }: Tally): string =>
  [
    `${machines} ${machines === 1 ? 'machine' : 'machines'}`,
    `${changed} with other groups`,
    ...(uncertain > 0 ? [`${uncertain} of which facts are missing`] : []),
    ...(failed > 0 ? [`${failed} that could not be read`] : []),
  ].join(', ');

/** A line that is written over and over, for who watches a terminal. */
const progress = (quiet: boolean) => {
  const shown = !quiet && isTerminal(2);
  let next = 0;
  return {
    show(tally: Tally): void {
      if (!shown || performance.now() < next) return;
      next = performance.now() + PROGRESS;
      writeTo(2, `\r\u001b[K${summary(tally)} …`);
    },
    clear(): void {
      if (shown) writeTo(2, '\r\u001b[K');
    },
  };
};

/** `iommu groups --policy A --against B INPUT…`: a record a machine, as JSON lines. */
export const compare = async (inputs: readonly string[], flags: GroupsFlags): Promise<ExitCode> => {
  const { policy = KERNEL, against = KERNEL, kernel, cmdline } = flags;
  if (inputs.length === 0)
    throw new IommuError(
      'ERR_USAGE',
      '--against needs inputs: dumps, folders of dumps, or - for JSON lines from standard input',
    );
  for (const name of [policy, against]) policyNamed(name);
  const driver = await driverModules(flags);
  // One that cannot be loaded is no machine's fault.
  await driversFor({ driver });
  const settings: TaskSettings = {
    policy,
    against,
    driver,
    ...(kernel !== undefined && { kernel }),
    ...(cmdline !== undefined && { cmdline }),
  };
  const started = performance.now();
  const tally = emptyTally();
  const line = progress(flags.quiet === true);
  const threads = threadsFrom(flags.jobs);
  for await (const result of runTasks(tasksOf(inputs), settings, threads)) {
    writeOut(result.output);
    addTally(tally, result.tally);
    line.show(tally);
  }
  line.clear();
  if (!flags.quiet) {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const busy = (performance.eventLoopUtilization().utilization * 100).toFixed(0);
    say(`${summary(tally)}; ${seconds} s on ${threads} threads, the main thread busy for ${busy} % of it`);
  }
  if (tally.failed > 0) return Exit.usage;
  return tally.changed > 0 ? Exit.differs : Exit.ok;
};
