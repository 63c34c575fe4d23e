import { readFileSync } from 'node:fs';
import { IommuError } from '@iommu/core';
import { readMachine, readMachineBytes } from '@iommu/host';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { type DriverFlags, driversFor } from './drivers.js';
import { isTerminal } from './terminal.js';

/** Options of every command that computes groups. */
export interface BootFlags extends DriverFlags {
  readonly kernel?: string;
  readonly cmdline?: string;
  readonly policy?: string;
}

/**
 * @param input - A path; `-` for standard input; absent: this machine.
 * @param options - `attributes`: all that there is to read, not only what groups depend on.
 */
export const readInput = (
  input: string | undefined,
  options: { readonly attributes?: boolean } = {},
): Promise<Machine> => {
  if (input !== '-') return readMachine(input, options);
  if (isTerminal(0)) {
    throw new IommuError(
      'ERR_HOST_INPUT',
      'standard input is a terminal: pipe a dump into it, as in `lspci -vvvnn | iommu groups -`',
    );
  }
  return readMachineBytes(readFileSync(0), { name: 'standard input', ...options });
};

/**
 * The machine booted with unknown facts taken as not isolating, and as isolating; the same twice where all is known.
 *
 * @throws IommuError of {@link driversFor} and of `boot()`
 */
export const bootBoth = async (
  machine: Machine,
  { kernel, cmdline, policy, driver = [] }: BootFlags,
): Promise<{ running: RunningMachine; optimistic: RunningMachine }> => {
  const options = {
    drivers: await driversFor({ driver }),
    ...(kernel !== undefined && { kernel }),
    ...(cmdline !== undefined && { commandLine: cmdline }),
    ...(policy !== undefined && { policy }),
  };
  const running = boot(machine, options);
  const optimistic = running.topology.hasUnknown ? boot(machine, { ...options, unknown: 'optimistic' }) : running;
  return { running, optimistic };
};
