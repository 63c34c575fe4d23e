import { run, ExitCode as StricliExit } from '@stricli/core';
import packageJson from '../package.json' with { type: 'json' };
import { complete } from './complete.js';
import type { Context } from './context.js';
import { Exit } from './exit.js';
import { writeOut, writeTo } from './output.js';
import { createApplication } from './program.js';

const main = async (words: readonly string[]): Promise<number> => {
  let finished: number | undefined;
  const io = {
    stdout: { write: writeOut },
    stderr: { write: (data: string) => writeTo(2, data) },
    env: process.env,
    exitCode: undefined as number | string | null | undefined,
  };
  const context: Context = {
    process: io,
    finish: (code) => {
      finished = code;
    },
  };
  const application = createApplication(packageJson.version);
  if (words[0] === 'complete') {
    await complete(application, words.slice(words[1] === '--' ? 2 : 1), context);
    return Exit.ok;
  }
  await run(application, words, context);
  if (finished !== undefined) return finished;
  if (words.length === 0) return Exit.usage;
  return io.exitCode === StricliExit.Success ? Exit.ok : Exit.usage;
};

process.exitCode = await main(process.argv.slice(2));
