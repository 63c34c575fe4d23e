import { type Application, buildApplication, buildCommand, buildRouteMap } from '@stricli/core';
import type { CaptureFlags } from './commands/capture.js';
import type { ConvertFlags } from './commands/convert.js';
import type { GroupsFlags } from './commands/groups.js';
import type { PoliciesFlags } from './commands/policies.js';
import type { RedactFlags } from './commands/redact.js';
import { type Context, runCommand } from './context.js';
import { type ComputeFlags, computeFlags, input, inputs, text, toggle } from './flags.js';
import { hasColour } from './terminal.js';

/** What each command does is loaded when it is asked for. */
const groups = buildCommand<GroupsFlags, string[], Context>({
  loader: async () =>
    async function (flags, ...from) {
      if (flags.against === undefined) {
        const { groups: run } = await import('./commands/groups.js');
        await runCommand(this, () => run(from, flags));
      } else {
        const { compare: run } = await import('./commands/compare.js');
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

const check = buildCommand<ComputeFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { check: run } = await import('./commands/check.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: { positional: input, flags: computeFlags, aliases: { q: 'quiet' } },
  docs: {
    brief: 'Compare the computed groups with those that the kernel formed',
    fullDescription:
      'Compare the computed groups with those that the kernel formed, where the input holds both.\nExit status: 0 equal, 1 differs, 3 cannot be known from this input.',
    customUsage: [
      { input: '', brief: 'this machine against its own kernel' },
      { input: 'my.txt --json', brief: 'for a program' },
      { input: 'my.tar.gz --kernel 7.3', brief: 'would a newer kernel group it otherwise?' },
    ],
  },
});

const convert = buildCommand<ConvertFlags, [string?], Context>({
  loader: async () =>
    async function (flags, from) {
      const { convert: run } = await import('./commands/convert.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: {
    positional: input,
    flags: {
      to: {
        kind: 'enum',
        values: ['json', 'tar'],
        default: 'json',
        brief: 'The machine as JSON, or that and its files in a tar',
      },
      output: text('Write to a file in place of standard output', 'file'),
      withoutObserved: toggle('Leave out what the kernel said of its own groups'),
      quiet: toggle('Leave out notes on what was odd'),
    },
    aliases: { o: 'output', q: 'quiet' },
  },
  docs: {
    brief: 'Turn any input into a machine that every command reads',
    customUsage: [
      { input: 'my.txt -o my.json', brief: 'a text dump as JSON' },
      { input: '--to tar -o this-machine.tar', brief: 'this machine, to take along' },
    ],
  },
});

const policies = buildCommand<PoliciesFlags, [], Context>({
  loader: async () =>
    async function (flags) {
      const { policies: run } = await import('./commands/policies.js');
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

const capture = buildCommand<CaptureFlags, [], Context>({
  loader: async () =>
    async function (flags) {
      const { capture: run } = await import('./commands/capture.js');
      await runCommand(this, () => run(flags));
    },
  parameters: {
    flags: {
      output: text('The archive to write; - for standard output; default iommu-capture.tar.gz', 'file'),
      noRedact: toggle('Leave in what tells this machine from others'),
      root: text('Where the sys, proc, boot and etc of the machine are, in place of /', 'folder'),
      printScript: toggle('Print a shell script that does the same on a machine without Node'),
      quiet: toggle('Leave out what could not be captured'),
    },
    aliases: { o: 'output', q: 'quiet' },
  },
  docs: {
    brief: 'Take along from this machine what its groups are computed from',
    fullDescription:
      'Take along from this machine what its groups are computed from, as a tar that every command reads; redacted unless asked otherwise.\nIt only reads. Without root it captures what it may, and says what is missing.\nExit status: 0 complete, 2 nothing was captured, 3 something is missing that decides on groups.',
    customUsage: [
      { input: '', brief: 'as root: this machine, complete' },
      { input: '-o my.tar', brief: 'not packed' },
      { input: '--print-script > capture.sh', brief: 'then: sudo sh capture.sh my.tar' },
    ],
  },
});

const redact = buildCommand<RedactFlags, [string], Context>({
  loader: async () =>
    async function (flags, from) {
      const { redact: run } = await import('./commands/redact.js');
      await runCommand(this, () => run(from, flags));
    },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        { brief: 'A dump of any kind that is read; - for standard input', parse: String, placeholder: 'input' },
      ],
    },
    flags: { output: text('Where to write; - or absent: standard output', 'file') },
    aliases: { o: 'output' },
  },
  docs: {
    brief: 'Take out of a dump what tells the machine from others; its groups stay',
    fullDescription:
      'Take out of a dump what tells the machine from others: serial numbers, MAC addresses, UUIDs, host names, words of the command line that do not concern PCI, IOMMUs or ACPI. The groups stay, and so does the kind of the dump.',
    customUsage: [
      { input: 'my.txt -o public.txt', brief: 'text stays text' },
      { input: 'my.tar.gz -o public.tar.gz', brief: 'an archive, packed as its name says' },
      { input: 'my-folder -o public-folder', brief: 'a folder' },
    ],
  },
});

const completion = buildCommand<Record<never, never>, ['bash' | 'zsh' | 'fish' | 'powershell'], Context>({
  loader: async () =>
    async function (_flags, shell) {
      const { completion: run } = await import('./commands/completion.js');
      await runCommand(this, () => run(shell));
    },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [
        {
          brief: 'bash, zsh, fish or powershell',
          placeholder: 'shell',
          parse: (name) => {
            if (name === 'bash' || name === 'zsh' || name === 'fish' || name === 'powershell') return name;
            throw new Error(`no completion for '${name}'; expected bash, zsh, fish or powershell`);
          },
        },
      ],
    },
  },
  docs: {
    brief: 'Print the completion script of a shell',
    customUsage: [{ input: 'bash >> ~/.bashrc', brief: 'for good' }],
  },
});

/** The `iommu` command. */
export const createApplication = (version: string): Application<Context> =>
  buildApplication(
    buildRouteMap({
      routes: { groups, check, convert, capture, redact, policies, completion },
      docs: {
        brief: 'IOMMU groups of a machine that is not at hand',
        fullDescription: `IOMMU groups of a machine that is not at hand: computed from a dump, as the kernel would form them.

  sudo lspci -vvvnn > my.txt     take a dump of a machine, as root: without root the deciding bits are unreadable
  iommu groups my.txt            list its groups
  iommu check my.txt             compare them with those that its kernel formed
  sudo iommu capture             take a whole dump, without serial numbers and the like

Exit status: 0 fine, 1 differs, 2 wrong usage or unreadable input, 3 cannot be known from this input.`,
      },
    }),
    {
      name: 'iommu',
      versionInfo: { currentVersion: version },
      scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
      documentation: {
        caseStyle: 'convert-camel-to-kebab',
        useAliasInUsageLine: true,
        disableAnsiColor: !hasColour(1),
      },
    },
  );
