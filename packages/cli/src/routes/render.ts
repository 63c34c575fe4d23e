import { buildCommand } from '@stricli/core';
import type { RenderFlags } from '../commands/render.js';
import { type Context, runCommand } from '../context.js';
import { bootFlags, input, text, toggle } from '../flags.js';

export const render = buildCommand<RenderFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { render: run } = await import('../commands/render.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: {
    positional: input,
    flags: {
      to: text(
        'Write it as a folder that programs can be pointed at; one that this command wrote is replaced',
        'folder',
      ),
      tar: text('Write it as an archive: .tar, .tar.gz, .tgz; - for standard output', 'file'),
      umockdev: text('Write its devices as a umockdev record; - for standard output', 'file'),
      text: toggle('Draw it, which is the default'),
      style: {
        kind: 'enum',
        values: ['tree', 'ls'],
        optional: true,
        brief: 'Draw it as tree does, or list it as ls -lR does',
      },
      contents: toggle('Draw also what the files hold'),
      at: text('Draw only what is below this directory', 'path'),
      depth: text('Draw so many levels', 'number'),
      ...bootFlags,
      quiet: toggle('Leave out notes on what was odd, supposed or written'),
    },
    aliases: { o: 'to', L: 'depth', q: 'quiet' },
  },
  docs: {
    brief: 'Show or write the /sys that the machine would have, with its groups computed',
    fullDescription:
      'Show or write the /sys that the machine would have, with its groups computed: as text, as a folder, as an archive, as a umockdev record.\nExit status: 0 written, 2 cannot be written, 3 written, and its groups cannot be known from this input.',
    customUsage: [
      { input: 'my.txt --at kernel/iommu_groups', brief: 'its groups, drawn' },
      { input: 'my.txt --to dir', brief: 'then: lspci -O sysfs.path=dir/sys/bus/pci' },
      { input: 'my.tar.gz --kernel 5.4 --tar old.tar', brief: 'as an older kernel would show it' },
      { input: 'my.txt --umockdev my.umockdev', brief: 'then: umockdev-run -d my.umockdev -- lspci' },
    ],
  },
});
