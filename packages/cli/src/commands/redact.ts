import { readFileSync } from 'node:fs';
import { IommuError } from '@iommu/core';
import { type Redacted, redactBytes, redactPath } from '@iommu/host';
import { Exit, type ExitCode } from '../exit.js';
import { namesTar, saveBytes, saveFolder, saveTar } from '../save.js';
import { isTerminal } from '../terminal.js';

export interface RedactFlags {
  readonly output?: string;
}

const readRedacted = (input: string): Promise<Redacted> => {
  if (input !== '-') return redactPath(input);
  if (!isTerminal(0)) return redactBytes(readFileSync(0), 'standard input');
  throw new IommuError('ERR_HOST_INPUT', 'standard input is a terminal: pipe a dump into it');
};

/** `iommu redact INPUT` */
export const redact = async (input: string, { output }: RedactFlags): Promise<ExitCode> => {
  const redacted = await readRedacted(input);
  if (redacted.kind === 'file') saveBytes(redacted.bytes, output);
  else if (redacted.kind === 'tar' || namesTar(output)) await saveTar(redacted.entries, output);
  else if (output !== undefined && output !== '-') saveFolder(redacted.entries, output);
  else throw new IommuError('ERR_USAGE', `${input} is a folder: name a folder or a tar to write with --output`);
  return Exit.ok;
};
