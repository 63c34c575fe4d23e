import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { run } from './run.js';

const program = createRequire(import.meta.url).resolve('verdaccio/bin/verdaccio');
const PATIENCE_MS = 60_000;

/** A registry of npm packages that runs on this machine. */
export interface Registry {
  /** `http://127.0.0.1:4873/` */
  readonly url: string;
  /** With what npm and pnpm publish to it and install from it, and know no other. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const npmSetting = async (name: string): Promise<string> =>
  (await run('npm', ['config', 'get', name], process.cwd())).trim();

/** Packages of this project and of those who write drivers live here alone; what they depend on comes from npm's registry. */
const configuration = (upstream: string): string => {
  const own = { access: '$all', publish: '$all' };
  return stringify({
    storage: './storage',
    uplinks: { npm: { url: upstream, timeout: '60s', maxage: '1h' } },
    packages: {
      '@iommu/*': own,
      'iommu-driver-*': own,
      'create-iommu-driver': own,
      '**': { access: '$all', proxy: 'npm' },
    },
    web: { enable: false },
    log: { type: 'file', path: './registry.log', level: 'warn' },
  });
};

const started = async (child: ChildProcess): Promise<void> => {
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`the registry ended with ${code}`);
  });
  await Promise.race([once(child, 'message', { signal }), ended]);
  ended.catch(() => {});
};

/**
 * Start a registry for packages, or start it again.
 *
 * @param folder - Where its packages are and stay.
 * @param downloads - Where npm keeps what it downloaded.
 */
export const startRegistry = async (folder: string, downloads: string): Promise<Registry> => {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/`;
  writeFileSync(join(folder, 'config.yaml'), configuration(await npmSetting('registry')));
  writeFileSync(join(folder, 'npmrc'), `registry=${url}\n//127.0.0.1:${port}/:_authToken=nobody\n`);
  const authorities = await npmSetting('cafile');
  const child = fork(program, ['--config', join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
    silent: true,
    // It ends with whoever started it, however that ends.
    execArgv: ['--import', 'data:text/javascript,process.on("disconnect", () => process.exit())'],
    env: {
      ...process.env,
      NODE_ENV: 'production',
      ...(authorities !== 'null' && { NODE_EXTRA_CA_CERTS: authorities }),
    },
  });
  try {
    await started(child);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return {
    url,
    env: {
      npm_config_registry: url,
      NPM_CONFIG_USERCONFIG: join(folder, 'npmrc'),
      npm_config_cache: downloads,
      npm_config_audit: 'false',
      npm_config_fund: 'false',
      npm_config_update_notifier: 'false',
      npm_config_omit_lockfile_registry_resolved: 'true',
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
};
