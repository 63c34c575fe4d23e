import { buildCommand } from '@stricli/core';
import type { ExplainFlags } from '../commands/explain.js';
import { type Context, runCommand } from '../context.js';
import { computeFlags, toggle } from '../flags.js';

export const explain = buildCommand<ExplainFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...words) {
      const { explain: run } = await import('../commands/explain.js');
      await runCommand(this, () => run(words, flags));
    },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        brief: 'A dump, as for `groups`, default this machine; then one device or two',
        parse: String,
        placeholder: 'input device',
      },
    },
    flags: { tree: toggle('Draw the way from the root bus, with the ACS bits of each hop'), ...computeFlags },
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Tell why a device is in its group, or two share one or do not, and what would change it',
    fullDescription: `Tell why a device is in its group, or why two devices share one or do not: the recorded reasons in order, each with
the component, its ACS bits beside the needed ones, the rule, the kernel function and the quirk consulted; what would
change it, as tried on the model; and what is unknown because the input does not hold it.
Exit status: 0 in a group, or in one together; 1 apart, or without a group; 3 cannot be known from this input.`,
    customUsage: [
      { input: 'my.txt 01:00.0', brief: 'why is it in its group?' },
      { input: 'my.txt 01:00.0 02:00.0', brief: 'why do they share one, or not?' },
      { input: 'my.txt 01:00.0 02:00.0 --tree', brief: 'the ports above them' },
      { input: '01:00.0', brief: 'on this machine' },
    ],
  },
});
