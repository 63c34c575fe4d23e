import type { Machine } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import type { RootFile } from './root-entries.js';

/** The description at the top of what we write. */
export const DESCRIPTION = 'machine.json';

const encoder = new TextEncoder();

/** Node's own base64, for most of a description is configuration spaces. */
const encoded = (machine: Machine): Machine => {
  const { pci } = machine;
  if (!pci) return machine;
  const functions = pci.functions.map((fn) =>
    fn.config === undefined || typeof fn.config === 'string'
      ? fn
      : { ...fn, config: Buffer.from(fn.config.buffer, fn.config.byteOffset, fn.config.byteLength).toString('base64') },
  );
  return { ...machine, pci: { ...pci, functions } };
};

/**
 * What a reader of a root directory needs beside its `sys`: the kernel's release, architecture and command line, each
 * where a live system has it, and `machine.json` with the whole description, which loses nothing.
 *
 * @param machine - As it is now, under the kernel that the tree shows.
 */
export const rootFiles = (machine: Machine): RootFile[] => {
  const { release, arch, commandLine } = machine.kernel ?? {};
  const file = (path: string, text: string | undefined): RootFile[] =>
    text === undefined ? [] : [{ path, bytes: encoder.encode(`${text}\n`) }];
  // Its first words are the mark of a folder that we wrote.
  const { schema, ...rest } = machineToJson(encoded(machine));
  return [
    ...file(DESCRIPTION, JSON.stringify({ schema, ...rest }, null, 2)),
    ...file('proc/cmdline', commandLine),
    ...file('proc/sys/kernel/arch', arch),
    ...file('proc/sys/kernel/osrelease', release),
  ];
};
