import { buildCommand } from '@stricli/core';
import { type Context, runCommand } from '../context.js';
import { type ComputeFlags, computeFlags, input } from '../flags.js';

export const ids = buildCommand<ComputeFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { ids: run } = await import('../commands/ids.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: { positional: input, flags: computeFlags, aliases: { q: 'quiet' } },
  docs: {
    brief: 'List groups and devices under names that another card does not change',
    fullDescription: `List groups and devices by path: the root bus, and the device and function numbers from there, as in 0000:00:1c.0/00.0,
which the kernel's command line takes too (pci=config_acs=…@0000:00:1c.0/00.0). A new card shifts bus numbers, and with
them addresses and the numbers of groups, and leaves paths as they are. A group has the path of its first member.
Exit status: 0 fine, 3 the groups cannot be known from this input.`,
    customUsage: [
      { input: 'my.txt', brief: 'what to write into configuration' },
      { input: 'my.txt --json', brief: 'for a program' },
    ],
  },
});
