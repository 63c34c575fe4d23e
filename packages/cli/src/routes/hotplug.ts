import { buildCommand } from '@stricli/core';
import type { HotplugFlags } from '../commands/hotplug.js';
import { type Context, runCommand } from '../context.js';
import { text, toggle } from '../flags.js';

export const hotplug = buildCommand<HotplugFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...words) {
      const { hotplug: run } = await import('../commands/hotplug.js');
      await runCommand(this, () => run(words, flags));
    },
  parameters: {
    positional: {
      kind: 'array',
      parameter: { brief: 'What to do, and with what', parse: String, placeholder: 'action' },
      minimum: 1,
    },
    flags: {
      mount: text('Where the machine is mounted; default: the only one that is', 'dir'),
      json: toggle('Print JSON instead of text'),
    },
  },
  docs: {
    brief: 'Plug, bind and change devices of a mounted machine',
    fullDescription: `Plug, bind and change devices of a machine that iommu mount has mounted. When it returns, the mount shows it.

  add FILE.json              functions appear, as machine.json lists them, and drivers are probed
  add PORT VENDOR:DEVICE…    a card appears behind a port, a function for each id; :CLASS may follow
  plug FILE.json             the same, and nobody notices before a rescan
  unplug DEVICE              it is pulled out
  remove DEVICE              as a write to its file remove: it can be found again by rescan
  rescan                     as a write to /sys/bus/pci/rescan
  bind DEVICE DRIVER         as a write to the driver's file bind; unbind DEVICE
  override DEVICE [DRIVER]   as a write to driver_override; probe DEVICE
  load DRIVER                as modprobe; unload DRIVER
  vfs DEVICE COUNT           as a write to sriov_numvfs
  type GROUP TYPE            as a write to the group's file type
  list                       groups, devices and drivers
  events                     what happens, a line each, until it is unmounted
  unmount                    the end

Exit status: 0 done, 1 the kernel would refuse it, 2 wrong usage, or nothing is mounted.`,
    customUsage: [
      { input: 'add 00:01.0 10de:2684:030000 10de:22ba:040300', brief: 'a graphics card' },
      { input: '--mount /mnt/machine remove 01:00.0', brief: 'one of several mounts' },
      { input: 'events --json', brief: 'for a program' },
    ],
  },
});
