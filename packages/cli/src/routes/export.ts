import { buildCommand } from '@stricli/core';
import type { ExportFlags } from '../commands/export.js';
import { type Context, runCommand } from '../context.js';
import { FORMAT_NAMES } from '../export/format-names.js';
import { bootFlags, input, text, toggle } from '../flags.js';

export const exportGroups = buildCommand<ExportFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { exportGroups: run } = await import('../commands/export.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: {
    positional: input,
    flags: {
      format: { kind: 'enum', values: FORMAT_NAMES, brief: 'What to write, as listed above' },
      to: text('Write it to a file in place of standard output', 'file'),
      ...bootFlags,
      quiet: toggle('Leave out notes on what was odd or supposed'),
    },
    aliases: { f: 'format', o: 'to', q: 'quiet' },
  },
  docs: {
    brief: 'Write the groups in the format of another program',
    fullDescription: `Write the groups in the format of another program.

Formats:
  ndjson         a table: a JSON object a device; for DuckDB, jq, pandas
  dot            a drawing for Graphviz: dot -Tsvg, -Tpdf, -Tpng
  mermaid        a drawing for Markdown on GitHub, GitLab and elsewhere
  svg            a drawing that needs no other program; readable at 500 functions
  libvirt-xml    node devices as of virsh nodedev-dumpxml; --to DIR/: a file each
  nova           the same as a Python dictionary, for tests of OpenStack's nova
  ansible        a local fact: /etc/ansible/facts.d/iommu.fact
  nfd            labels by Node Feature Discovery: a file for its features.d
  go             a literal FakeFilesystem{Dirs, Files, Symlinks}, as Go tests keep a /sys
  ghw            a snapshot for the Go library ghw: .tar.gz

Exit status: 0 written, 2 cannot be written, 3 written, and its groups cannot be known from this input.`,
    customUsage: [
      { input: 'my.txt --format ndjson --to my.ndjson', brief: 'a row a device' },
      { input: 'my.txt -f dot | dot -Tsvg -o my.svg', brief: 'drawn by Graphviz' },
      { input: 'my.txt -f svg -o my.svg', brief: 'drawn, for a browser' },
    ],
  },
});
