import { buildCommand } from '@stricli/core';
import type { ViableFlags } from '../commands/viable.js';
import { type Context, runCommand } from '../context.js';
import { computeFlags, text } from '../flags.js';

export const viable = buildCommand<ViableFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...words) {
      const { viable: run } = await import('../commands/viable.js');
      await runCommand(this, () => run(words, flags));
    },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        brief: 'A dump, as for `groups`, default this machine; then one device or more',
        parse: String,
        placeholder: 'input device',
      },
    },
    flags: {
      ...computeFlags,
      // Here --driver is whom the device is for, so what the other commands call so has its whole name.
      iommuDriver: computeFlags.driver,
      driver: text("Driver to be bound; default: VFIO's for the bus, vfio-pci", 'name'),
      rule: {
        kind: 'enum',
        values: ['today', '2012'],
        brief: "In place of the kernel's own rule: who uses the DMA, as today, or a list of drivers, as at first",
        optional: true,
      },
    },
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Tell whether devices can be passed through, and what keeps them from it',
    fullDescription: `Tell whether devices can be passed through to a virtual machine: a verdict, then who else is in the group and what each is
bound to, what is in the way, what the kernel returns, and what the host would lose. Then, as text to copy, what binds them.
Nothing is bound, and nothing of it is run.

Each device is judged as if it alone were bound to VFIO; several also together. Other members keep their drivers: those
that have none, and bridges, are fine.

Exit status: 0 viable, all together; 1 not viable; 2 wrong usage or unreadable input; 3 cannot be known from this input.
Text of lspci holds no firmware tables: whether those demand a direct mapping stays unknown then.`,
    customUsage: [
      { input: 'my.tar.gz 01:00.0', brief: 'can the card be given away?' },
      { input: 'my.tar.gz 01:00.0 01:00.1', brief: 'both functions of it' },
      { input: 'my.tar.gz 01:00.0 --rule 2012', brief: 'as old kernels judged' },
      { input: '01:00.0', brief: 'on this machine' },
    ],
  },
});
