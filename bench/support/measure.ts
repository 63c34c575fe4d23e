import { spawnSync } from 'node:child_process';

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};

/**
 * Time programs against each other: each once to warm up, then in turns, so that what slows the machine slows all.
 *
 * @param statuses - How they may end; 3: a dump without firmware tables leaves something open.
 * @returns Milliseconds of wall clock, the median of each.
 */
export const timePrograms = (
  commands: readonly (readonly string[])[],
  rounds: number,
  statuses: readonly number[] = [0, 3],
): number[] => {
  const times: number[][] = commands.map(() => []);
  for (let round = 0; round <= rounds; round++) {
    commands.forEach(([program = '', ...args], at) => {
      const start = process.hrtime.bigint();
      const { status, error } = spawnSync(program, args, { stdio: 'ignore', timeout: 120_000 });
      const elapsed = Number(process.hrtime.bigint() - start) / 1e6;
      if (error) throw error;
      if (!statuses.includes(status ?? -1)) throw new Error(`${program} ${args.join(' ')} ended with ${status}`);
      if (round > 0) times[at]?.push(elapsed);
    });
  }
  return times.map(median);
};

/** A figure against its bar. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly bar: number;
  /** The bar is a lower bound; else an upper one. */
  readonly atLeast?: boolean;
}
