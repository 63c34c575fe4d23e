import { spawn } from 'node:child_process';

/** How long `mount` and `umount` may take, in milliseconds. */
const LONGEST = 10_000;

/** How a program ended. */
export interface Ended {
  /** `null`: a signal ended it. */
  readonly status: number | null;
  readonly stderr: string;
}

/**
 * Run a system program. It is never waited for by blocking: it may look at a mount that this very process serves.
 *
 * @param descriptor - What it finds open as number 3.
 */
export const runProgram = (program: string, words: readonly string[], descriptor?: number): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(program, words, {
      cwd: '/',
      env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe', ...(descriptor === undefined ? [] : [descriptor])],
      timeout: LONGEST,
      killSignal: 'SIGKILL',
    });
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', ({ message }) => resolve({ status: null, stderr: message }));
    child.once('close', (status) => resolve({ status, stderr: stderr.trim() }));
  });
