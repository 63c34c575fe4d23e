import { buildCommand } from '@stricli/core';
import type { MountFlags } from '../commands/mount.js';
import { type Context, runCommand } from '../context.js';
import { bootFlags, toggle } from '../flags.js';

export const mount = buildCommand<MountFlags, [string, string], Context>({
  loader: async () =>
    async function (flags, input, directory) {
      const { mount: run } = await import('../commands/mount.js');
      await runCommand(this, () => run(input, directory, flags));
    },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'A dump of any kind that is read; - for standard input', parse: String, placeholder: 'input' },
        { brief: 'An empty directory, or one to be made', parse: String, placeholder: 'dir' },
      ],
    },
    flags: {
      ...bootFlags,
      background: toggle('Return when it is mounted; it stays until it is unmounted'),
      readOnly: toggle('Programs cannot write; what is done with iommu hotplug shows all the same'),
      quiet: toggle('Leave out notes on what was odd or supposed, and what is mounted where'),
    },
    aliases: { d: 'background', r: 'readOnly', q: 'quiet' },
  },
  docs: {
    brief: 'Mount the /sys of a machine, live',
    fullDescription: `Mount the /sys of a machine at DIR/sys, live: what programs write is done on the machine (bind, unbind, driver_override,
remove, rescan, sriov_numvfs, type, with the kernel's errors), and what happens to it is seen at once. From another terminal
iommu hotplug plugs devices in and out. DIR also holds machine.json, the machine as it is, and proc/cmdline.
Needs FUSE, and root or a user namespace (unshare -Urm). Exit status: 0 unmounted, 2 it cannot be mounted.`,
    customUsage: [
      { input: 'my.txt /mnt/machine', brief: 'until Ctrl-C' },
      { input: '--background my.tar.gz /mnt/machine', brief: 'until: umount /mnt/machine' },
      { input: '--kernel 5.4 my.txt /mnt/machine', brief: 'as an older kernel would have it' },
    ],
  },
});
