import type { BootFlags } from './input.js';

/** A flag with a value that is taken as it stands. */
export const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder, optional: true }) as const;

export const toggle = (brief: string) => ({ kind: 'boolean', brief, optional: true, withNegated: false }) as const;

/** Flags of every command that boots a machine. */
export const bootFlags = {
  kernel: text('Answer as this kernel would, in place of the one that the input names', 'version'),
  cmdline: text('Boot with this command line, in place of the one in the input', 'words'),
  policy: text('Use the rules of this policy', 'name'),
  driver: {
    kind: 'parsed',
    parse: String,
    brief: 'Ask this IOMMU driver first: a package, or a path such as ./driver.js; may be repeated',
    placeholder: 'package',
    optional: true,
    variadic: true,
  },
} as const;

/** Flags of every command that computes groups. */
export interface ComputeFlags extends BootFlags {
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export const computeFlags = {
  ...bootFlags,
  json: toggle('Print JSON instead of text'),
  quiet: toggle('Leave out notes on what was odd or supposed'),
} as const;

const anyInput = {
  brief:
    'Output of lspci, a sysfs folder or tar, a umockdev record, a kernel log, a machine as JSON; - for standard input; default: this machine',
  parse: String,
  placeholder: 'input',
} as const;

/** The input of every command. */
export const input = { kind: 'tuple', parameters: [{ ...anyInput, optional: true }] } as const;

/** Of commands that take more than one. */
export const inputs = { kind: 'array', parameter: anyInput } as const;
