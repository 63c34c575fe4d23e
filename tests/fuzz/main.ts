/*
 * pnpm fuzz [--seconds 300] [--target NAME] [--seed N]: change recorded inputs at random and read them, each parser for
 * so long. What is found is written to tests/fuzz/regressions, which the tests run from then on.
 */
import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inputOf } from './mutate.js';
import { type Target, targets } from './targets.js';

/** Tries that take longer hang, in milliseconds. */
const HANG = 10_000;
const EVERY = 64;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '300' }, target: { type: 'string' }, seed: { type: 'string' } },
});
const seconds = Number(values.seconds);
process.env['IOMMU_TEST_SEED'] = values.seed ?? String(Math.floor(Math.random() * 2 ** 31));

const keep = ({ name, seeds }: Target, tries: number): string => {
  const input = inputOf(seeds, tries);
  const folder = new URL(`./regressions/${name}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const file = new URL(createHash('sha256').update(input).digest('hex').slice(0, 16), folder);
  writeFileSync(file, input);
  return fileURLToPath(file);
};

interface Message {
  readonly tries: number;
  readonly error?: string;
  readonly done?: boolean;
}

type Ended = Message & { readonly hangs?: boolean };

/** Try from a number on, in a process of its own, so that a hang can be ended. */
const tryFrom = ({ name }: Target, until: number, start: number, every: number): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [name, until, start, every].map(String));
    let last: Message = { tries: start };
    let watch: NodeJS.Timeout | undefined;
    const finish = (ended: Ended): void => {
      clearTimeout(watch);
      child.kill('SIGKILL');
      resolve(ended);
    };
    const restart = (): void => {
      clearTimeout(watch);
      watch = setTimeout(() => finish({ ...last, hangs: true }), HANG);
    };
    child.on('error', reject);
    child.on('message', (message: Message) => {
      last = message;
      restart();
      if (message.done || message.error !== undefined) finish(message);
    });
    child.on('exit', (code) => finish({ ...last, error: `the process ended with ${code}` }));
  });

/** @returns Whether nothing was found. */
const fuzz = async (target: Target): Promise<boolean> => {
  const ended = await tryFrom(target, Date.now() + seconds * 1000, 0, EVERY);
  if (ended.done) {
    console.log(`ok     ${target.name}: ${ended.tries} inputs in ${seconds} s, nothing found`);
    return true;
  }
  // Once more, and slowly: which of the last tries it was.
  const exact = ended.hangs ? await tryFrom(target, Date.now() + 2 * HANG, ended.tries, 1) : ended;
  const what = exact.hangs ? 'hangs' : exact.error;
  console.log(`FOUND  ${target.name}: try ${exact.tries}, kept in ${keep(target, exact.tries)}\n${what}`);
  return false;
};

console.log(`seed ${process.env['IOMMU_TEST_SEED']}`);
const all = await targets();
const chosen = all.filter(({ name }) => values.target === undefined || name === values.target);
if (chosen.length === 0 || !(seconds > 0)) {
  console.error(`usage: pnpm fuzz [--seconds N] [--target ${all.map(({ name }) => name).join('|')}] [--seed N]`);
  process.exit(2);
}
let found = false;
for (const target of chosen) found = !(await fuzz(target)) || found;
process.exit(found ? 1 : 0);
