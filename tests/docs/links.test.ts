import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/command.js';
import { linkedOf, linkFaults } from '../support/links.js';
import { texts } from '../support/texts.js';

/** Whether git leaves a path out: who reads the repository elsewhere does not have it. */
const isIgnored = (path: string): boolean =>
  spawnSync('git', ['check-ignore', '--quiet', path], { cwd: root }).status === 0;

const isThere = (path: string): boolean => !path.startsWith('..') && existsSync(join(root, path)) && !isIgnored(path);

test('every link in every Markdown file leads somewhere', () => {
  const pages = new Map(texts.map(({ path, markdown }) => [path, linkedOf(markdown)]));
  const { checked, faults } = linkFaults(pages, isThere);
  console.log(`${checked} links in ${pages.size} Markdown files`);
  expect(checked).toBeGreaterThan(50);
  expect(faults).toEqual([]);
});

test('anchors are those of GitHub', () => {
  const { anchors } = linkedOf('# Why, and what *if*?\n\n## `iommu groups`\n\n## Errors\n\n## Errors\n');
  expect([...anchors]).toEqual(['why-and-what-if', 'iommu-groups', 'errors', 'errors-1']);
});

test.each([
  ['[a](#there)', 'leads to no anchor'],
  ['[a](other.md#there)', 'leads to no anchor'],
  ['[a](folder/gone.md)', 'leads nowhere'],
  ['[a](LICENSE#there)', 'leads into what has no anchors'],
  ['[a](/docs/other.md)', 'leads to the top of whatever serves it'],
  ['[a](http://example.org/)', 'is not https'],
  ['![a](https://localhost/a.png)', 'is not https'],
  ['[a](https://[)', 'is no address'],
])('%s %s', (markdown, fault) => {
  const pages = new Map([
    ['one.md', linkedOf(`# Here\n\n${markdown}`)],
    ['other.md', linkedOf('# Here')],
  ]);
  expect(linkFaults(pages, (path) => path === 'LICENSE').faults).toEqual([expect.stringMatching(`${fault}$`)]);
});

test.each(['#here', 'other.md', './other.md#here', 'LICENSE', 'https://example.org/a#b'])('%s is fine', (href) => {
  const pages = new Map([
    ['one.md', linkedOf(`# Here\n\n[a](${href})`)],
    ['other.md', linkedOf('# Here')],
  ]);
  expect(linkFaults(pages, (path) => path === 'LICENSE')).toEqual({ checked: 1, faults: [] });
});
