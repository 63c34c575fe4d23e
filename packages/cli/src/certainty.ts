import { partitionIsCertain } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { Exit, type ExitCode } from './exit.js';

/**
 * The exit status of a command that shows computed groups: `unknown` where missing facts could make them others, or a
 * driver is missing.
 *
 * @param running - Booted pessimistically.
 * @param optimistic - The same booted optimistically.
 */
export const certaintyOf = (running: RunningMachine, optimistic: RunningMachine): ExitCode => {
  if (!partitionIsCertain(running, optimistic)) return Exit.unknown;
  const undriven = running.devices.some((device) =>
    running.outcomeOf(device).reasons.some(({ rule }) => rule === 'no-driver'),
  );
  return undriven ? Exit.unknown : Exit.ok;
};
