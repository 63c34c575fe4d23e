import type { RootEntry } from './root-entries.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** As Go writes bytes that are no text: `\xff`. */
const asBytes = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\\': '\\\\', '"': '\\"' };

/** An interpreted string literal. @see The Go Programming Language Specification, String literals */
const quoted = (text: string): string =>
  `"${text.replace(/[\\"\p{Cc}\ufeff]/gu, (one) => ESCAPES[one] ?? `\\u${one.codePointAt(0)?.toString(16).padStart(4, '0')}`)}"`;

const contentOf = (bytes: Uint8Array): string => {
  try {
    return quoted(decoder.decode(bytes));
  } catch {
    return `"${asBytes(bytes)}"`;
  }
};

const list = (head: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`\t${head}{`, ...lines.map((line) => `\t\t${line},`), '\t},'];

/**
 * A tree as the literal `FakeFilesystem{Dirs, Files, Symlinks}` of Go tests. A directory is listed if no other one makes it:
 * they are made with all that is above them, then come files, then links.
 *
 * @param entries - Of `pciFixture()`.
 * @param type - What precedes the brace.
 * @see sriov-network-device-plugin, pkg/utils/testing.go FakeFilesystem
 */
export const toGoLiteral = (entries: readonly RootEntry[], type = '&utils.FakeFilesystem'): string => {
  const directories = entries.flatMap(({ kind, path }) => (kind === 'directory' ? [path] : []));
  const parents = new Set(directories.map((path) => path.slice(0, path.lastIndexOf('/'))));
  const files = entries.flatMap((one) =>
    one.kind === 'file' ? [`${quoted(one.path)}: []byte(${contentOf(one.bytes)})`] : [],
  );
  const links = entries.flatMap((one) => (one.kind === 'link' ? [`${quoted(one.path)}: ${quoted(one.target)}`] : []));
  return [
    `${type}{`,
    ...list('Dirs: []string', directories.filter((path) => !parents.has(path)).map(quoted)),
    ...list('Files: map[string][]byte', files),
    ...list('Symlinks: map[string]string', links),
    '}',
    '',
  ].join('\n');
};
