import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { docBlocks } from '../support/doc-blocks.js';
import { mayEndWith, needsFor, Reader, typedLines } from '../support/reader.js';
import { expectParts } from '../support/shown.js';

const typed = docBlocks().filter(({ use }) => use === 'shell');

test('there are commands in the texts, with and without what they print', () => {
  expect(typed.filter(({ output }) => output !== undefined).length).toBeGreaterThanOrEqual(30);
  expect(typed.filter(({ output }) => output === undefined).length).toBeGreaterThanOrEqual(5);
});

describe.each(typed)('$name', ({ path, text, output }) => {
  test('does what the text says, and prints what it shows', { timeout: 120_000 }, async (context) => {
    for (const line of typedLines(text)) needsFor(context, line);
    const reader = await Reader.arrive();
    // An example is started from its folder.
    const cwd = path.startsWith('examples/') ? join(root, dirname(path)) : reader.folder;
    let printed = '';
    // The one place outside of the reader's folder that a text names.
    const typedHere = text.replaceAll('/mnt/machine', join(reader.folder, 'machine'));
    for (const line of typedLines(typedHere)) {
      const { status, stdout, stderr } = await reader.type(line, cwd);
      expect(mayEndWith(line, output !== undefined), `${line}\n${stderr}`).toContain(status);
      if (output !== undefined) expect(stderr).toBe('');
      printed += stdout;
    }
    const left = await reader.leave();
    if (left) expect(left).toMatchObject({ status: 0 });
    if (output !== undefined) expectParts(printed, output);
  });
});
