import { expect, test } from 'vitest';
import { cleanLines } from '../../src/lspci/clean.js';

test.each([
  ['line ends of Windows', 'a\r\nb', ['a', 'b']],
  ['line ends of old Macs', 'a\rb', ['a', 'b']],
  ['a byte order mark', '\ufeffa', ['a']],
  ['no-break spaces', '\u00a0\u202fa\u2007b', ['  a b']],
  ['entities of HTML', '&lt;access denied&gt; &amp; &quot;a&quot;&#39;b&#39;&nbsp;c', ['<access denied> & "a"\'b\' c']],
  ['colours of terminals', '\u001b[01;31m\u001b[Ka\u001b[m\u001b[Kb', ['ab']],
  ['quoting of mails', '> a\n> > \tb\n>> c', ['a', '\tb', 'c']],
  ['quoted entities', '&gt; a', ['a']],
  ['bars of tables', '| a', ['a']],
  ['blanks at the end', 'a \t\nb', ['a', 'b']],
])('undoes %s', (_, text, lines) => {
  expect(cleanLines(text)).toEqual(lines);
});

test('keeps an indent', () => {
  expect(cleanLines('\tFlags: fast\n        Flags: fast')).toEqual(['\tFlags: fast', '        Flags: fast']);
});

test('keeps an entity that it does not know', () => {
  expect(cleanLines('&foo;')).toEqual(['&foo;']);
});
