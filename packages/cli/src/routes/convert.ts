import { buildCommand } from '@stricli/core';
import type { ConvertFlags } from '../commands/convert.js';
import { type Context, runCommand } from '../context.js';
import { input, text, toggle } from '../flags.js';

export const convert = buildCommand<ConvertFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { convert: run } = await import('../commands/convert.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: {
    positional: input,
    flags: {
      to: {
        kind: 'enum',
        values: ['json', 'tar'],
        default: 'json',
        brief: 'The machine as JSON, or that and its files in a tar',
      },
      output: text('Write to a file in place of standard output', 'file'),
      withoutObserved: toggle('Leave out what the kernel said of its own groups'),
      quiet: toggle('Leave out notes on what was odd'),
    },
    aliases: { o: 'output', q: 'quiet' },
  },
  docs: {
    brief: 'Turn any input into a machine that every command reads',
    customUsage: [
      { input: 'my.txt -o my.json', brief: 'a text dump as JSON' },
      { input: '--to tar -o this-machine.tar', brief: 'this machine, to take along' },
    ],
  },
});
