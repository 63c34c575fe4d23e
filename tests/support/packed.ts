import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
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

/** Pack built packages as they would be published. @returns The tarball of each, by folder name; {@link removePacked} them. */
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

/** Remove what {@link packAll} made. */
export const removePacked = (tarballs: ReadonlyMap<string, string>): void => {
  for (const folder of new Set([...tarballs.values()].map((path) => dirname(path))))
    rmSync(folder, { recursive: true });
};

/**
 * Pack built packages, and install them as a user would, where nothing of the checkout is.
 *
 * @param names - By folder; with all of this project that they depend on.
 * @returns The folder of the project that has them.
 */
export const installPacked = (names: readonly string[]): string => {
  const packed = packAll(names);
  const tarballs = [...packed].map(([name, path]) => [`@iommu/${name}`, `file:${path}`] as const);
  const manifest = {
    name: 'installed',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(tarballs),
    overrides: Object.fromEntries(tarballs.map(([name]) => [name, `$${name}`])),
  };
  const folder = mkdtempSync(join(tmpdir(), 'iommu-installed-'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  runTool('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'], folder);
  removePacked(packed);
  return folder;
};
