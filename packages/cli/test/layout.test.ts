import { expect, test } from 'vitest';
import { wrapped } from '../src/layout.js';

test('parts text at blanks, and indents what follows under the text', () => {
  expect(wrapped({ width: 20 }, 'why  ', 'one two three four five')).toEqual(['why  one two three', '     four five']);
});

test('breaks a word that is longer than a line', () => {
  expect(wrapped({ width: 20 }, '', 'x'.repeat(45)).map(({ length }) => length)).toEqual([20, 20, 5]);
});

test('counts what is seen: colours are no columns', () => {
  const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
  expect(wrapped({ width: 20 }, red('why  '), `one ${red('two')} three four`)).toEqual([
    `${red('why  ')}one ${red('two')} three`,
    '     four',
  ]);
});

test('leaves no blanks at the ends of lines', () => {
  expect(wrapped({ width: 40 }, 'name  ', '')).toEqual(['name']);
});
