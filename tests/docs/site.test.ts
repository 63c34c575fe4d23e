import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { shownPage } from '../support/browser.js';
import { root } from '../support/command.js';
import { linkedOfHtml } from '../support/html-links.js';
import { type Linked, linkFaults } from '../support/links.js';
import { needsProgram } from '../support/needs.js';
import { published, runTool } from '../support/packed.js';
import { guides } from '../support/texts.js';

let folder: string;
let pages: Map<string, Linked>;

/** The site as `npm run site` makes it, elsewhere. Warnings are errors. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iommu-site-'));
  runTool('typedoc', ['--logLevel', 'Warn', '--out', folder]);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(?:html|svg)$/.test(path),
  );
  pages = new Map(
    files.map((path) => [path.replaceAll('\\', '/'), linkedOfHtml(readFileSync(join(folder, path), 'utf8'))]),
  );
}, 240_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every link of every page leads somewhere', () => {
  const { checked, faults } = linkFaults(pages, (path) => !path.startsWith('..') && existsSync(join(folder, path)));
  console.log(`${checked} links in ${pages.size} pages`);
  expect(pages.size).toBeGreaterThan(500);
  expect(checked).toBeGreaterThan(10_000);
  expect(faults).toEqual([]);
});

test('every package and every text has a page', () => {
  const titles = new Set(
    [...pages.keys()].map((path) => /<title>(.*?) \| /.exec(readFileSync(join(folder, path), 'utf8'))?.[1]),
  );
  const names = published.map(
    (name) => (JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as { name: string }).name,
  );
  expect(names.filter((name) => !titles.has(name))).toEqual([]);
  // The front page is the root's README; what goes into the packages of others is none of ours.
  const shown = guides.filter(({ path }) => path !== 'README.md' && !path.includes('/template/'));
  const headings = shown.map(({ markdown }) => /^# (.+)$/m.exec(markdown)?.[1]);
  expect(headings.filter((heading) => !titles.has(heading))).toEqual([]);
});

test('what a text leads to is a page, and not a file to be saved', () => {
  expect(existsSync(join(folder, 'media'))).toBe(false);
  expect([...pages.keys()]).toContain('documents/packages_core_src_driver.ts.html');
});

test('what a text draws in the words of Mermaid is drawn', (context) => {
  needsProgram(context, 'chromium-headless-shell');
  const document = shownPage(join(folder, 'documents/Architecture.html'));
  expect(document).toMatch(/<figure>\s*<svg [\s\S]*create-iommu[\s\S]*<\/figure>/);
  expect(document).not.toContain('<code class="mermaid">');
});

test('nothing in it tells where it was made', () => {
  for (const path of pages.keys()) expect(readFileSync(join(folder, path), 'utf8')).not.toContain(root);
});
