import { type DiagnosticReport, partitionIsCertain } from '@iommu/analysis';
import { DRIVER_PACKAGES, type RunningMachine } from '@iommu/machine';
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

/** How to have the driver asked that a machine lacks: those that come with the command never are missing. */
export const missingDriverNotes = (running: RunningMachine): DiagnosticReport[] => {
  const texts = new Set(
    running.devices.flatMap((device) =>
      running.outcomeOf(device).reasons.flatMap(({ rule, text }) => (rule === 'no-driver' ? [text] : [])),
    ),
  );
  return Object.values(DRIVER_PACKAGES)
    .filter(({ package: name }) => [...texts].some((text) => text.includes(name)))
    .map(({ package: name, hardware }) => ({
      severity: 'info',
      code: 'driver-missing',
      message: `the driver for ${hardware} is a package of its own: npm install ${name}, then --driver ${name}`,
    }));
};
