import { buildCommand } from '@stricli/core';
import type { AbiFlags } from '../commands/abi.js';
import { type Context, runCommand } from '../context.js';
import { toggle } from '../flags.js';

export const abi = buildCommand<AbiFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...paths) {
      const { abi: run } = await import('../commands/abi.js');
      await runCommand(this, async () => run(paths, flags));
    },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        brief: 'A path of /sys, or of a tree that was written or mounted elsewhere; it need not exist',
        parse: String,
        placeholder: 'path',
      },
    },
    flags: {
      list: toggle('List every path that is documented, and its document'),
      json: toggle('Print JSON instead of text'),
    },
  },
  docs: {
    brief: 'Say what a path of a /sys tree holds: its ABI document',
    customUsage: [
      {
        input: '/sys/kernel/iommu_groups/7/type',
        brief: 'what it may hold, who may write it, which errors a write gives',
      },
      { input: 'out/sys/bus/pci/devices/0000:01:00.0/iommu', brief: 'in a tree that was written to a folder' },
      { input: '--list', brief: 'every path of the modelled /sys' },
    ],
  },
});
