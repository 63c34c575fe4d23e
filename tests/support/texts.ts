import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './command.js';

/** A Markdown file of the repository. */
export interface Text {
  /** From the root of the repository on. */
  readonly path: string;
  readonly markdown: string;
}

const listed = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
});
if (listed.status !== 0) throw new Error(`git ls-files: ${listed.error?.message ?? listed.stderr}`);

/** Every Markdown file of the repository, also one that is not committed yet. */
export const texts: readonly Text[] = listed.stdout
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)))
  .map((path) => ({ path, markdown: readFileSync(join(root, path), 'utf8') }));

/** Those that somebody wrote to be read: no report of what a package exports, no entry of a changelog. */
export const guides: readonly Text[] = texts.filter(
  ({ path }) => !path.endsWith('.api.md') && !path.startsWith('.changeset/') && !path.endsWith('CHANGELOG.md'),
);
