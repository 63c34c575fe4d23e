import { buildCommand } from '@stricli/core';
import { type Context, runCommand } from '../context.js';
import { type ComputeFlags, computeFlags } from '../flags.js';

export const p2p = buildCommand<ComputeFlags, [string, string, string], Context>({
  loader: async () =>
    async function (flags, from, a, b) {
      const { p2p: run } = await import('../commands/p2p.js');
      await runCommand(this, () => run(from, a, b, flags));
    },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'A dump, as for `groups`', parse: String, placeholder: 'input' },
        { brief: 'The device that reads or writes', parse: String, placeholder: 'from' },
        { brief: 'The device that it reads or writes', parse: String, placeholder: 'to' },
      ],
    },
    flags: computeFlags,
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Tell where transactions from one device to another go, and which port redirects them',
    fullDescription: `Tell whether what one device sends to another goes there directly or up to the IOMMU first, which port's ACS decides,
which word of the kernel's command line clears it, and what that does to the groups, as tried on the model.
Where two devices meet only in the root complex it is up to the platform, and no dump tells.
Exit status: 0 direct, both ways of a read; 1 redirected; 3 cannot be known from this input.`,
    customUsage: [
      { input: 'my.txt 03:00.0 04:00.0', brief: 'between two graphics cards' },
      { input: 'my.txt 03:00.0 04:00.0 --kernel 6.1', brief: 'what an older kernel is told' },
      { input: 'my.txt 03:00.0 04:00.0 --json', brief: 'for a program' },
    ],
  },
});
