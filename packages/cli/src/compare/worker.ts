import { comparePolicies } from '@iommu/analysis';
import { isIommuError } from '@iommu/core';
import { readMachine, readMachineBytes } from '@iommu/host';
import type { Machine } from '@iommu/machine';
import { bootBoth } from '../input.js';
import { emptyTally, type Task, type TaskResult, type TaskSettings } from './task.js';

const NEWLINE = 0x0a;

const isBlank = (line: Uint8Array): boolean => line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09);

/** The lines of a batch that are not blank, with their numbers. */
function* linesOf(bytes: Uint8Array, first: number): Generator<readonly [number, Uint8Array]> {
  let number = first;
  for (let start = 0; start < bytes.length; number++) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    if (!isBlank(line)) yield [number, line];
    start = end + 1;
  }
}

/** The machines of a task, each to be read by a call. */
function* machinesOf(task: Task): Generator<readonly [input: string, read: () => Promise<Machine>]> {
  if (task.kind === 'dump') yield [task.path, () => readMachine(task.path)];
  else
    for (const [number, line] of linesOf(task.bytes, task.first))
      yield [String(number), () => readMachineBytes(line, { name: `line ${number}` })];
}

/** Compare what two policies make of the machines of a task. Runs in a thread of its own. */
export const work = async ({ task, settings }: { task: Task; settings: TaskSettings }): Promise<TaskResult> => {
  const { policy, against, ...boot } = settings;
  const tally = emptyTally();
  let output = '';
  for (const [input, read] of machinesOf(task)) {
    tally.machines += 1;
    try {
      const machine = await read();
      const report = comparePolicies(
        await bootBoth(machine, { ...boot, policy: against }),
        await bootBoth(machine, { ...boot, policy }),
      );
      if (report.changes.length > 0) tally.changed += 1;
      if (!report.certain) tally.uncertain += 1;
      const { schema, ...rest } = report;
      output += `${JSON.stringify({ schema, input, ...rest })}\n`;
    } catch (error) {
      if (!isIommuError(error)) throw error;
      tally.failed += 1;
      output += `${JSON.stringify({ schema: 1, input, error: { code: error.code, message: error.message } })}\n`;
    }
  }
  return { output, tally };
};
