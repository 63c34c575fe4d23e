// What the commands of this checkout share: install and build what is not there yet, run programs of the workspace.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const stamps = join(root, 'node_modules/.stamps');

/** Programs of the workspace come first, and nothing reports home. */
export const environment = {
  ...process.env,
  PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
  NPM_CONFIG_UPDATE_NOTIFIER: 'false',
};

/**
 * Run a program in the checkout and wait for it.
 *
 * @returns Its exit status; its output goes where ours goes, or with `quiet` is shown only when it fails.
 */
export const run = (program, args, { quiet = false, env = {}, cwd = root, timeout } = {}) => {
  const result = spawnSync(program, args, {
    cwd,
    env: { ...environment, ...env },
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    timeout,
  });
  if (result.error) throw result.error;
  if (quiet && result.status !== 0) process.stderr.write(`${result.stdout}${result.stderr}`);
  return result.status ?? 1;
};

const must = (program, args, options) => {
  const status = run(program, args, options);
  if (status !== 0) process.exit(status);
};

const digest = (texts) => texts.reduce((hash, text) => hash.update(text), createHash('sha256')).digest('hex');

/** Do something unless it was done in this state before. */
const once = (name, state, work) => {
  const file = join(stamps, name);
  if (existsSync(file) && readFileSync(file, 'utf8') === state) return;
  work();
  mkdirSync(stamps, { recursive: true });
  writeFileSync(file, state);
};

/** Install the workspace's packages from the npm registry, with the pnpm that package.json names. */
export const install = () => {
  const manifest = readFileSync(join(root, 'package.json'), 'utf8');
  const lock = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  const manager = JSON.parse(manifest).packageManager;
  once('install', digest([manifest, lock]), () => {
    console.error(`installing packages with ${manager} …`);
    const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
    must(npx, ['--yes', manager, 'install', '--frozen-lockfile', '--reporter=append-only'], { quiet: true });
  });
};

/** Files that a build depends on, with their times: cheaper to look at than to ask the build. */
const buildState = () => {
  const texts = [];
  const walk = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.name === 'node_modules' || entry.name === 'dist' || entry.name === 'test' || entry.name.startsWith('.'))
        continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) walk(path);
      else texts.push(`${path} ${statSync(path).mtimeMs}\n`);
    }
  };
  for (const folder of ['packages', 'examples']) walk(join(root, folder));
  return digest(texts);
};

/** Build every package that changed. */
export const build = () => {
  const missing = !existsSync(join(root, 'packages/cli/dist/main.js'));
  const work = () => {
    console.error('building …');
    must('turbo', ['run', 'build', '--output-logs=errors-only', '--no-update-notifier'], { quiet: true });
  };
  if (missing) work();
  once('build', buildState(), missing ? () => {} : work);
};
