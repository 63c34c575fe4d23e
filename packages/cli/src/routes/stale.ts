import { buildCommand } from '@stricli/core';
import type { StaleFlags } from '../commands/stale.js';
import { type Context, runCommand } from '../context.js';
import { bootFlags, input, toggle } from '../flags.js';

export const stale = buildCommand<StaleFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { stale: run } = await import('../commands/stale.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: {
    positional: input,
    flags: {
      driver: bootFlags.driver,
      json: toggle('Print JSON instead of text'),
      quiet: toggle('Leave out notes on what was odd or supposed'),
    },
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Tell whether ACS bits were changed since the kernel formed its groups',
    fullDescription: `Tell whether groups still say what the hardware does: a kernel forms them at boot, and bits that are written later, as by
setpci, change what devices can reach, and no group. Compares the groups in the dump with those that the ACS bits in the
dump give, and names the bridges whose bits are others, and the devices that are isolated in name only.
The dump must be of the running system, taken as root, and hold the groups.
Exit status: 0 they do, 1 they do not, 3 cannot be known from this input.`,
    customUsage: [
      { input: '', brief: 'this machine, as root' },
      { input: 'my.txt', brief: 'lspci -vvv of a kernel with groups' },
      { input: 'my.tar.gz --json', brief: 'for a program' },
    ],
  },
});
