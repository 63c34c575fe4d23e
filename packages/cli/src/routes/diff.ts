import { buildCommand } from '@stricli/core';
import type { DiffFlags } from '../commands/diff.js';
import { type Context, runCommand } from '../context.js';
import { bootFlags, text, toggle } from '../flags.js';

const dump = (brief: string, placeholder: string) => ({ brief, parse: String, placeholder }) as const;

export const diff = buildCommand<DiffFlags, [string, string], Context>({
  loader: async () =>
    async function (flags, first, second) {
      const { diff: run } = await import('../commands/diff.js');
      await runCommand(this, () => run(first, second, flags));
    },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        dump('A dump, as for `groups`', 'before'),
        dump('Another of the same machine, or of another', 'after'),
      ],
    },
    flags: {
      by: text('How devices are told to be the same: path (then id), address, id; default path', 'path|address|id'),
      computed: toggle('Compare computed groups also where both dumps show what their kernels formed'),
      driver: bootFlags.driver,
      json: toggle('Print JSON instead of text'),
      quiet: toggle('Leave out notes on what was odd or supposed'),
    },
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Compare two dumps: which groups grew, shrank, split or merged, and by what',
    fullDescription: `Compare two dumps of one machine, before and after an update of kernel or firmware or another card, or dumps of two
machines: groups that are others, devices that came, went or moved, and by which difference between the dumps (kernel,
command line, firmware table, ACS of a port, device), as tried on the model, each by itself.
Devices are matched by place, the root bus and the device and function numbers from there, then by vendor, device and
subsystem: addresses and numbers of groups that shift are shown, and are no change.
Exit status: 0 nothing is other but addresses and numbers, 1 groups or devices are, 3 cannot be known from these dumps.`,
    customUsage: [
      { input: 'before.tar.gz my.tar.gz', brief: 'what did the update do?' },
      { input: 'my.txt other.txt --by id', brief: 'two machines with the same cards' },
      { input: 'before.txt my.txt --json', brief: 'for a program' },
    ],
  },
});
