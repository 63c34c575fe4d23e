/** Formats by the names that `--format` takes; the command's file is only loaded when it is run. */
export const FORMAT_NAMES = [
  'ndjson',
  'dot',
  'mermaid',
  'svg',
  'libvirt-xml',
  'nova',
  'ansible',
  'nfd',
  'go',
  'ghw',
] as const;

export type FormatName = (typeof FORMAT_NAMES)[number];
