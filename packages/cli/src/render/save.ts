import { IommuError } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import {
  lineChunks,
  type RootEntry,
  rootEntries,
  rootFiles,
  type SysfsDirectory,
  tarChunks,
  umockdevLines,
  type Written,
  writeFolder,
  writeTar,
  writeUmockdev,
} from '@iommu/sysfs';
import { writeOut } from '../output.js';
import { checkIsNotInput } from '../save.js';
import { say } from '../talk.js';
import { isTerminal } from '../terminal.js';

/** Where a tree is written to. */
export interface SaveFlags {
  readonly to?: string;
  readonly tar?: string;
  readonly umockdev?: string;
}

/** What is written, and what is said of it. */
interface Saving {
  readonly sys: SysfsDirectory;
  readonly running: RunningMachine;
  readonly say: (line: string) => void;
}

/**
 * Refuse what would write over the input, or several things to standard output.
 *
 * @throws IommuError `ERR_USAGE`
 */
export const checkSaves = (input: string | undefined, { to, tar, umockdev }: SaveFlags, draws: boolean): void => {
  for (const output of [tar, umockdev]) {
    checkIsNotInput(input, output);
  }
  const names = [to, tar, umockdev].filter((name) => name !== undefined && name !== '-');
  if (new Set(names).size < names.length)
    throw new IommuError('ERR_USAGE', `'${names[0]}' is named twice: name a place for each`);
  if ([tar, umockdev].filter((name) => name === '-').length + (draws ? 1 : 0) > 1)
    throw new IommuError('ERR_USAGE', 'only one thing can go to standard output: name files for the others');
  if (tar === '-' && isTerminal(1))
    throw new IommuError('ERR_USAGE', 'a tar does not belong on a terminal: name a file with --tar, or redirect');
};

const entriesOf = ({ sys, running }: Saving): Iterable<RootEntry> => rootEntries(sys, rootFiles(running.describe()));

const SHOWN = 3;

const sayWritten = (saving: Saving, { target, directories, files, links, unanswered }: Written): void => {
  saving.say(`${target}: written: ${directories} directories, ${files} files, ${links} links`);
  if (unanswered.length === 0) return;
  const more = unanswered.length > SHOWN ? ` and ${unanswered.length - SHOWN} more` : '';
  saving.say(
    `${target}: ${unanswered.length} files give nothing to read and are empty: ${unanswered.slice(0, SHOWN).join(', ')}${more}`,
  );
};

/** A name as a shell takes it. */
const quoted = (name: string): string => (/^[\w./:@%+,-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`);

const saveFolder = (saving: Saving, folder: string): void => {
  sayWritten(saving, writeFolder(entriesOf(saving), folder));
  saving.say(`next: lspci -O sysfs.path=${quoted(`${folder}/sys/bus/pci`)}`);
  saving.say(`      UMOCKDEV_DIR=${quoted(folder)} LD_PRELOAD=libumockdev-preload.so.0 PROGRAM`);
};

const saveTar = async (saving: Saving, file: string): Promise<void> => {
  if (file === '-') for await (const chunk of tarChunks(entriesOf(saving))) writeOut(chunk);
  else {
    sayWritten(saving, await writeTar(entriesOf(saving), file));
    saving.say(`next: mkdir DIR && tar -xf ${quoted(file)} -C DIR`);
  }
};

const saveUmockdev = async (saving: Saving, file: string): Promise<void> => {
  if (file === '-') for (const chunk of lineChunks(umockdevLines(saving.sys))) writeOut(chunk);
  else {
    await writeUmockdev(saving.sys, file);
    saving.say(`${file}: written`);
    saving.say(`next: umockdev-run --device ${quoted(file)} -- lspci`);
  }
  saving.say('a umockdev record holds devices only: for groups, write a folder with --to');
};

/**
 * Write a tree wherever it is wanted.
 *
 * @throws IommuError `ERR_SYSFS_TARGET`, `ERR_SYSFS_NAME`
 */
export const saveAll = async (
  sys: SysfsDirectory,
  running: RunningMachine,
  { to, tar, umockdev }: SaveFlags,
  quiet: boolean,
): Promise<void> => {
  const saving: Saving = { sys, running, say: quiet ? () => undefined : say };
  if (to !== undefined) saveFolder(saving, to);
  if (tar !== undefined) await saveTar(saving, tar);
  if (umockdev !== undefined) await saveUmockdev(saving, umockdev);
};
