import { buildCommand } from '@stricli/core';
import type { CaptureFlags } from '../commands/capture.js';
import { type Context, runCommand } from '../context.js';
import { text, toggle } from '../flags.js';

export const capture = buildCommand<CaptureFlags, [], Context>({
  loader: async () =>
    async function (flags) {
      const { capture: run } = await import('../commands/capture.js');
      await runCommand(this, () => run(flags));
    },
  parameters: {
    flags: {
      output: text('The archive to write; - for standard output; default iommu-capture.tar.gz', 'file'),
      noRedact: toggle('Leave in what tells this machine from others'),
      root: text('Where the sys, proc, boot and etc of the machine are, in place of /', 'folder'),
      printScript: toggle('Print a shell script that does the same on a machine without Node'),
      quiet: toggle('Leave out what could not be captured'),
    },
    aliases: { o: 'output', q: 'quiet' },
  },
  docs: {
    brief: 'Take along from this machine what its groups are computed from',
    fullDescription:
      'Take along from this machine what its groups are computed from, as a tar that every command reads; redacted unless asked otherwise.\nIt only reads. Without root it captures what it may, and says what is missing.\nExit status: 0 complete, 2 nothing was captured, 3 something is missing that decides on groups.',
    customUsage: [
      { input: '', brief: 'as root: this machine, complete' },
      { input: '-o my.tar', brief: 'not packed' },
      { input: '--print-script > capture.sh', brief: 'then: sudo sh capture.sh my.tar' },
    ],
  },
});
