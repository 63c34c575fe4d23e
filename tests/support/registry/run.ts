import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const TIMEOUT_MS = 240_000;

/**
 * Run a program while others go on.
 *
 * @returns What it prints.
 * @throws Error with all of its output.
 */
export const run = async (
  program: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> => {
  try {
    const { stdout } = await promisify(execFile)(program, args, {
      cwd,
      // What runs here is not part of the test run that it is called by.
      env: { ...process.env, NODE_ENV: '', VITEST: '', NO_COLOR: '1', FORCE_COLOR: '0', ...env },
      timeout: TIMEOUT_MS,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { code, signal, stdout = '', stderr = '' } = error as Error & Readonly<Record<string, unknown>>;
    throw new Error(`${program} ${args.join(' ')} in ${cwd} ended with ${code ?? signal}:\n${stdout}${stderr}`);
  }
};
