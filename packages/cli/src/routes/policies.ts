import { buildCommand } from '@stricli/core';
import type { PoliciesFlags } from '../commands/policies.js';
import { type Context, runCommand } from '../context.js';
import { toggle } from '../flags.js';

export const policies = buildCommand<PoliciesFlags, [], Context>({
  loader: async () =>
    async function (flags) {
      const { policies: run } = await import('../commands/policies.js');
      await runCommand(this, async () => run(flags));
    },
  parameters: { flags: { json: toggle('Print JSON instead of text') } },
  docs: {
    brief: 'List the sets of rules that --policy takes, and what changed at which kernel release',
    customUsage: [
      { input: '', brief: 'with source, proof and effect of each' },
      { input: '--json', brief: 'for a program' },
    ],
  },
});
