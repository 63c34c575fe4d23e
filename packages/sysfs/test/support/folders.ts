import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** An empty folder, gone after the test. */
export const temporaryFolder = (): string => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'iommu-sysfs-')));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

const describe = (path: string): string => {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
  if (stat.isDirectory()) return mode;
  // Root reads what is only written; others do not, and find it empty by its size.
  return `${mode} ${stat.size === 0 ? '' : readFileSync(path, 'latin1')}`.trimEnd();
};

/** What a folder holds: of each path mode and content, or where a link leads. */
export const contentOf = (folder: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = {};
  const look = (path: string): void => {
    for (const name of readdirSync(join(folder, path)).sort()) {
      const below = path === '' ? name : `${path}/${name}`;
      found[below] = describe(join(folder, below));
      if (lstatSync(join(folder, below)).isDirectory()) look(below);
    }
  };
  look('');
  return found;
};
