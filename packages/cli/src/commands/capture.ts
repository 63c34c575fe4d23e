import { captureMachine, captureScript } from '@iommu/host';
import packageJson from '../../package.json' with { type: 'json' };
import { Exit, type ExitCode } from '../exit.js';
import { writeOut } from '../output.js';
import { saveTar } from '../save.js';
import { say, sayNotes } from '../talk.js';

export interface CaptureFlags {
  readonly output?: string;
  readonly noRedact?: boolean;
  readonly root?: string;
  readonly printScript?: boolean;
  readonly quiet?: boolean;
}

const DEFAULT_OUTPUT = 'iommu-capture.tar.gz';

/** `iommu capture` */
export const capture = async (flags: CaptureFlags): Promise<ExitCode> => {
  if (flags.printScript) {
    writeOut(captureScript());
    return Exit.ok;
  }
  const { output = DEFAULT_OUTPUT, root } = flags;
  const { entries, missing } = captureMachine({
    ...(root !== undefined && { root }),
    redact: flags.noRedact !== true,
    version: packageJson.version,
  });
  await saveTar(entries, output);
  if (!flags.quiet) {
    sayNotes(missing.map(({ code, message, needed }) => ({ code, message, severity: needed ? 'warning' : 'info' })));
    if (output !== '-') say(`${output}: captured${flags.noRedact ? ', not redacted' : ''}`);
  }
  return missing.some(({ needed }) => needed) ? Exit.unknown : Exit.ok;
};
