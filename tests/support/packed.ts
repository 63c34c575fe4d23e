import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { root } from './command.js';

/** Folders of the packages that are published. */
export const published: readonly string[] = readdirSync(join(root, 'packages'));

const bin = join(root, 'node_modules/.bin');

/** Run a program of the workspace; its output, or an error with it. */
export const runTool = (program: string, args: readonly string[], cwd: string = root): string => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, PATH: [bin, process.env['PATH']].join(delimiter), NO_COLOR: '1', FORCE_COLOR: '0' },
    timeout: 240_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
};

/** Pack built packages as they would be published. @returns The tarball of each, by folder name. */
export const packAll = (names: readonly string[] = published): ReadonlyMap<string, string> => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-pack-'));
  const tarballs = new Map<string, string>();
  for (const name of names) {
    const json = JSON.parse(
      runTool('pnpm', ['pack', '--json', '--pack-destination', folder], join(root, 'packages', name)),
    ) as { filename: string };
    tarballs.set(name, json.filename);
  }
  return tarballs;
};
