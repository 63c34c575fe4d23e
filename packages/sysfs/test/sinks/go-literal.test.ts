import { expect, test } from 'vitest';
import { toGoLiteral } from '../../src/sinks/go-literal.js';
import type { RootEntry } from '../../src/sinks/root-entries.js';

const directory = (path: string): RootEntry => ({ kind: 'directory', path, mode: 0o755 });
const file = (path: string, bytes: Uint8Array | string): RootEntry => ({
  kind: 'file',
  path,
  mode: 0o444,
  bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes,
});

test('a directory is listed if no other one makes it', () => {
  const entries = [directory('sys'), directory('sys/a'), directory('sys/a/b'), directory('sys/ab')];
  expect(toGoLiteral(entries, 'FakeFilesystem')).toBe(
    'FakeFilesystem{\n\tDirs: []string{\n\t\t"sys/a/b",\n\t\t"sys/ab",\n\t},\n}\n',
  );
});

test('files are bytes by their path, links targets by theirs', () => {
  const literal = toGoLiteral([file('a/vendor', '0x8086\n'), { kind: 'link', path: 'a/link', target: '../b' }]);
  expect(literal.split('\n')).toEqual([
    '&utils.FakeFilesystem{',
    '\tFiles: map[string][]byte{',
    '\t\t"a/vendor": []byte("0x8086\\n"),',
    '\t},',
    '\tSymlinks: map[string]string{',
    '\t\t"a/link": "../b",',
    '\t},',
    '}',
    '',
  ]);
});

test.each([
  ['a "quoted" \\ one\t', '"a \\"quoted\\" \\\\ one\\t"'],
  ['\u0000\u001b[31m\u007f', '"\\u0000\\u001b[31m\\u007f"'],
  ['Grüße \u{1f600}', '"Grüße \u{1f600}"'],
  [Uint8Array.of(0x41, 0xff, 0x00), '"\\x41\\xff\\x00"'],
])('%j is %s', (content, expected) => {
  expect(toGoLiteral([file('f', content)])).toContain(`"f": []byte(${expected}),`);
});
