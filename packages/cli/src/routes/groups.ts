import { buildCommand } from '@stricli/core';
import type { GroupsFlags } from '../commands/groups.js';
import { type Context, runCommand } from '../context.js';
import { computeFlags, inputs, text, toggle } from '../flags.js';

export const groups = buildCommand<GroupsFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...from) {
      if (flags.against === undefined) {
        const { groups: run } = await import('../commands/groups.js');
        await runCommand(this, () => run(from, flags));
      } else {
        const { compare: run } = await import('../commands/compare.js');
        await runCommand(this, () => run(from, flags));
      }
    },
  parameters: {
    positional: inputs,
    flags: {
      slot: text('Show only these devices: [[[<domain>]:]<bus>:][<device>][.<function>]', 'slot'),
      id: text('Show only these devices: [<vendor>]:[<device>][:<class>[:<prog-if>]]', 'id'),
      group: text('Show only this group', 'number'),
      numeric: {
        kind: 'counter',
        brief: 'Numbers in place of names; twice: both, which is the default',
        optional: true,
      },
      drivers: toggle('Show the kernel driver in use'),
      domains: toggle('Always write the PCI domain'),
      indent: toggle('A heading for each group, its devices below'),
      against: text('Compare --policy with this one on every input, a record a machine: JSON lines', 'policy'),
      jobs: text('With --against: use so many threads; default: all cores', 'number'),
      observed: toggle('The groups that the kernel formed, as the input holds them, in place of computed ones'),
      ...computeFlags,
    },
    aliases: {
      s: 'slot',
      d: 'id',
      g: 'group',
      n: 'numeric',
      k: 'drivers',
      D: 'domains',
      i: 'indent',
      j: 'jobs',
      q: 'quiet',
    },
  },
  docs: {
    brief: 'List the groups of a machine, computed from its description',
    customUsage: [
      { input: '', brief: 'this machine' },
      { input: '-ik my.txt', brief: 'with headings, and with drivers' },
      { input: '-d 10de: my.txt', brief: "only NVIDIA's devices" },
      { input: '--kernel 5.4 my.txt', brief: 'as an older kernel would group them' },
      { input: '-', brief: 'from a pipe: sudo lspci -vvvnn | iommu groups -' },
      { input: '--policy reachability-2025 --against kernel dumps/', brief: 'what would another rule change?' },
    ],
  },
});
