import { expect, test } from 'vitest';
import { parseAbi } from '../../src/abi/parse-abi.js';

const parse = (text: string, file = 'testing/one') => parseAbi(text, file);
const messages = (text: string) => parse(text).problems.map(({ line, message }) => `${line}: ${message}`);

const TWO = `What:		/sys/a/<group>/type
What:		/sys/b/type
Date:		May 2012
KernelVersion:	3.6
Contact:	somebody,
		somebody else
Description:
		First line:
		  indented

		last line.
Users:		one program

What:		/sys/c/
Contact:	somebody
Description:	At once,
		and below.
`;

test('reads every field, and where the entry stands', () => {
  expect(parse(TWO, 'obsolete/one')).toEqual({
    problems: [],
    entries: [
      {
        what: ['/sys/a/<group>/type', '/sys/b/type'],
        date: 'May 2012',
        kernelVersion: '3.6',
        contact: 'somebody, somebody else',
        description: 'First line:\n  indented\n\nlast line.',
        users: 'one program',
        level: 'obsolete',
        file: 'obsolete/one',
        line: 1,
        text: TWO.slice(0, TWO.indexOf('\n\nWhat:		/sys/c/')),
      },
      {
        what: ['/sys/c/'],
        contact: 'somebody',
        description: 'At once,\nand below.',
        level: 'obsolete',
        file: 'obsolete/one',
        line: 14,
        text: TWO.slice(TWO.indexOf('What:		/sys/c/'), -1),
      },
    ],
  });
});

test('a word with a colon inside a description is text', () => {
  const { entries, problems } = parse('What: /sys/a\nDescription:\n\tx\nNote: y\n');
  expect(problems).toEqual([]);
  expect(entries[0]?.description).toBe('x\nNote: y');
});

test('a tag is found in any case, and inside its word', () => {
  const { entries } = parse('WHAT: /sys/a\nkernelversion: 3.6\nDescription: x\n');
  expect(entries[0]).toMatchObject({ what: ['/sys/a'], kernelVersion: '3.6' });
});

test('more paths may stand on the lines below a What', () => {
  expect(parse('What:\t/sys/a\n\t\t/sys/b\nDescription: x\n').entries[0]?.what).toEqual(['/sys/a', '/sys/b']);
});

test('a line with less indentation than the first keeps what it has', () => {
  expect(parse('What: /sys/a\nDescription:\n\t\tfirst\n\tsecond\n').entries[0]?.description).toBe(
    'first\n        second',
  );
});

test('columns made with tabs stay columns', () => {
  expect(parse('What: /sys/a\nDescription:\n\t\tx\tone\n\t\txyz\ttwo\n').entries[0]?.description).toBe(
    'x       one\nxyz     two',
  );
});

test.each([
  ['Date: May 2012\nWhat: /sys/a\nDescription: x\n', ["1: 'What:' should come first"]],
  ['# heading\n\nWhat: /sys/a\nDescription: x\n', ['1: text outside of any tag']],
  ['What: /sys/a\nContact: somebody\n', ['1: /sys/a has no Description']],
  ['What: /sys/a\nDescription:\n\nWhat: /sys/b\nDescription: x\n', ['1: /sys/a has no Description']],
  ['What: /sys/a\nSince: 3.6\nDescription: x\n', ["2: 'Since:' is no tag"]],
  ['What: /sys/a\nDate: May\nDate: June\nDescription: x\n', ["3: 'date:' stands twice in an entry"]],
  ['', []],
])('says what is wrong with %j', (text, expected) => {
  expect(messages(text)).toEqual(expected);
});

test.each(['stable', 'testing', 'obsolete', 'removed'])('the folder %s is the level', (level) => {
  expect(parse('What: /sys/a\nDescription: x\n', `${level}/one`).entries[0]?.level).toBe(level);
});
