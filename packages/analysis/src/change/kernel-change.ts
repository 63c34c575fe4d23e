import {
  type Machine,
  type MachineKernel,
  type MachineNote,
  parseVersion,
  resolveKernel,
  toldArch,
} from '@iommu/machine';
import { type CommandLineChange, impossible, type KernelChange } from './change.js';

/** Another kernel boots; ACS bits that were read after boot were read under the one that it was. */
const withKernel = (machine: Machine, kernel: MachineKernel): Machine => {
  const { pci } = machine;
  const { release, commandLine } = machine.kernel ?? {};
  const under = pci?.acsReadUnder ?? {
    ...(release !== undefined && { release }),
    ...(commandLine !== undefined && { commandLine }),
  };
  return { ...machine, kernel, ...(pci && { pci: { ...pci, acsReadUnder: under } }) };
};

/** @throws IommuError `ERR_CHANGE` for a release that does not start with a version. */
export const setKernel = (machine: Machine, { release }: KernelChange): Machine => {
  if (!parseVersion(release)) throw impossible(`'${release}' is no kernel; expected a version such as 6.12`);
  // The architecture may stand only in the old release.
  const arch = toldArch(machine.kernel);
  return withKernel(machine, { ...machine.kernel, release, ...(arch !== undefined && { arch }) });
};

/** The machine as if another kernel had booted, or with another command line: what `boot()` makes of the same options. */
export const bootedAs = (
  machine: Machine,
  { kernel, commandLine }: { readonly kernel?: string; readonly commandLine?: string },
): Machine => {
  const changed = kernel === undefined ? machine : setKernel(machine, { kind: 'kernel', release: kernel });
  return commandLine === undefined ? changed : withKernel(changed, { ...changed.kernel, commandLine });
};

/** Options of `pci=` that grouping looks at, with the release that knows them first. */
const SINCE: Readonly<Record<string, string>> = { config_acs: '6.11', disable_acs_redir: '4.19' };

const noteOf = (machine: Machine, words: string): MachineNote[] =>
  Object.entries(SINCE).flatMap(([option, since]) => {
    if (!words.includes(`${option}=`)) return [];
    const kernel = resolveKernel(machine.kernel);
    const notes: string[] = [];
    if (!kernel.has(since)) notes.push(`${kernel.release} does not know pci=${option}, which came with ${since}`);
    if (machine.kernel?.commandLine?.includes(`${option}=`))
      notes.push(
        `the last pci=${option} of a command line is the one that counts: what the earlier said no longer does`,
      );
    return notes.map((message): MachineNote => ({ severity: 'warning', code: 'command-line', message }));
  });

export const addCommandLine = (
  machine: Machine,
  { words }: CommandLineChange,
): readonly [machine: Machine, notes: readonly MachineNote[]] => {
  const before = machine.kernel?.commandLine;
  const commandLine = before ? `${before} ${words}` : words;
  return [withKernel(machine, { ...machine.kernel, commandLine }), noteOf(machine, words)];
};
