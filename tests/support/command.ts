import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../packages/cli/bin/iommu.js', import.meta.url));

export const root: string = fileURLToPath(new URL('../..', import.meta.url));

/** How a run of the command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run the built `iommu` command. */
export const iommu = (
  words: readonly string[],
  options: { readonly input?: string | Buffer; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Ended => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    cwd: options.cwd ?? root,
    encoding: 'utf8',
    env: { ...process.env, ...options.env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
    ...(options.input !== undefined && { input: options.input }),
  });
  return { status, stdout, stderr };
};
