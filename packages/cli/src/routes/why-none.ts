import { buildCommand } from '@stricli/core';
import { type Context, runCommand } from '../context.js';
import { type ComputeFlags, computeFlags } from '../flags.js';

export const whyNone = buildCommand<ComputeFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...words) {
      const { whyNone: run } = await import('../commands/why-none.js');
      await runCommand(this, () => run(words, flags));
    },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        brief: 'A dump, as for `groups`, default this machine; then at most one device',
        parse: String,
        placeholder: 'input device',
      },
    },
    flags: computeFlags,
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Tell why there are no groups at all, or why a device has none',
    fullDescription: `Tell why there are no groups at all, or why a device has none: a firmware table that is missing or refused, a word on the
command line that switches the IOMMU off, a unit that Linux leaves alone, a device that no table names, a driver that is
waited for; and what would help.

Exit status: 0 there are groups, or the device has one; 1 none, and why; 3 cannot be known from this input: text of lspci
holds no firmware tables.`,
    customUsage: [
      { input: 'my.tar.gz', brief: 'is the IOMMU on?' },
      { input: 'my.tar.gz 01:00.0', brief: 'why has this device no group?' },
      { input: '', brief: 'this machine' },
    ],
  },
});
