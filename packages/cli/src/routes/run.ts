import { buildCommand } from '@stricli/core';
import type { RunFlags } from '../commands/run.js';
import { type Context, runCommand } from '../context.js';
import { bootFlags, inputs, toggle } from '../flags.js';

export const run = buildCommand<RunFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...words) {
      const { run: start } = await import('../commands/run.js');
      await runCommand(this, () => start(words, flags));
    },
  parameters: {
    positional: {
      kind: 'array',
      parameter: {
        ...inputs.parameter,
        brief: 'A dump of any kind that is read; then --, a program and its arguments',
      },
      minimum: 2,
    },
    flags: {
      replace: toggle('Show nothing of the real /sys, not even where the model has nothing'),
      load: {
        kind: 'parsed',
        parse: String,
        brief: 'Load these kernel drivers of the machine first, as modprobe does: vfio-pci',
        placeholder: 'names',
        optional: true,
        variadic: ',',
      },
      static: toggle('A tree that nothing is written to and that does not change, also where FUSE could make it live'),
      privileged: toggle(
        'As root: leave the program its rights over the machine, and with them a way to the real /sys',
      ),
      ...bootFlags,
      quiet: toggle('Leave out notes on what was odd or supposed'),
    },
    aliases: { q: 'quiet' },
  },
  docs: {
    brief: 'Start a program that finds the machine at /sys',
    fullDescription: `Start a program that finds the /sys of the machine at /sys, with its groups computed, beside what the real /sys has other than
devices of PCI and IOMMUs. Any program, unchanged, also without root. The real /sys cannot be changed from inside.
/proc/cmdline is the machine's; uname, devices, processes and files are those of the machine that this runs on.
Exit status: the program's; 128 and the number of the signal that ended it; 125 if it cannot be run so; 127 if it is not there.`,
    customUsage: [
      { input: 'my.tar.gz -- lspci -nnk', brief: 'the PCI devices of another machine' },
      { input: 'my.tar.gz --kernel 7.3 -- bash', brief: 'look around' },
      {
        input: 'my.txt --load vfio-pci -- driverctl set-override 0000:01:00.0 vfio-pci',
        brief: 'try a tool that binds',
      },
    ],
  },
});
