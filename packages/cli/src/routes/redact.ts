import { buildCommand } from '@stricli/core';
import type { RedactFlags } from '../commands/redact.js';
import { type Context, runCommand } from '../context.js';
import { text } from '../flags.js';

export const redact = buildCommand<RedactFlags, [string], Context>({
  loader: async () =>
    async function (flags, from) {
      const { redact: run } = await import('../commands/redact.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'A dump of any kind that is read; - for standard input', parse: String, placeholder: 'input' },
      ],
    },
    flags: { output: text('Where to write; - or absent: standard output', 'file') },
    aliases: { o: 'output' },
  },
  docs: {
    brief: 'Take out of a dump what tells the machine from others; its groups stay',
    fullDescription:
      'Take out of a dump what tells the machine from others: serial numbers, MAC addresses, UUIDs, host names, words of the command line that do not concern PCI, IOMMUs or ACPI. The groups stay, and so does the kind of the dump.',
    customUsage: [
      { input: 'my.txt -o public.txt', brief: 'text stays text' },
      { input: 'my.tar.gz -o public.tar.gz', brief: 'an archive, packed as its name says' },
      { input: 'my-folder -o public-folder', brief: 'a folder' },
    ],
  },
});
