import { buildCommand } from '@stricli/core';
import { type Context, runCommand } from '../context.js';
import { type ComputeFlags, computeFlags, input } from '../flags.js';

export const check = buildCommand<ComputeFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { check: run } = await import('../commands/check.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: { positional: input, flags: computeFlags, aliases: { q: 'quiet' } },
  docs: {
    brief: 'Compare the computed groups with those that the kernel formed',
    fullDescription:
      'Compare the computed groups with those that the kernel formed, where the input holds both.\nExit status: 0 equal, 1 differs, 3 cannot be known from this input.',
    customUsage: [
      { input: '', brief: 'this machine against its own kernel' },
      { input: 'my.txt --json', brief: 'for a program' },
      { input: 'my.tar.gz --kernel 7.3', brief: 'would a newer kernel group it otherwise?' },
    ],
  },
});
