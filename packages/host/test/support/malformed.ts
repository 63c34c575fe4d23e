import { isIommuError } from '@iommu/core';
import { boot } from '@iommu/machine';
import { random, runs } from '../../../../tests/support/sweep.js';
import { readMachineBytes } from '../../src/read-machine.js';

/** So many lines are cut one by one; of longer texts, 500 places are chosen. */
const ALL_CUTS = 200;

const encoder = new TextEncoder();

/** A text cut after each of its lines. */
export const cuts = (text: string): string[] => {
  const lines = text.split('\n');
  const next = random(lines.length);
  const ends =
    lines.length <= ALL_CUTS
      ? lines.map((_, at) => at)
      : Array.from({ length: runs(500, 100) }, () => next(lines.length));
  return ends.map((end) => lines.slice(0, end).join('\n'));
};

/** What readers give a meaning to; a blind mutation seldom hits it. */
const TOKENS = [
  '\n',
  '\n\n',
  ':',
  '.',
  '/',
  '[',
  ']',
  '{',
  '"',
  '\u0000',
  '\u0001',
  '\ud800',
  '=',
  '..',
  'ffff',
  '0',
  ' ',
  '\t',
  '99999999999',
];

/** Texts with up to four places changed: characters taken out, doubled, or replaced. */
export const mutations = (text: string, count: number, salt: number): string[] => {
  const next = random(salt);
  return Array.from({ length: count }, () => {
    let changed = text;
    for (let left = 1 + next(4); left > 0; left--) {
      const at = next(changed.length);
      const length = next(3) === 0 ? next(80) : next(3);
      const middle = next(4) === 0 ? changed.slice(at, at + length).repeat(2) : (TOKENS[next(TOKENS.length)] ?? '');
      changed = changed.slice(0, at) + middle + changed.slice(at + length);
    }
    return changed;
  });
};

/** Bytes with up to four of them changed, and perhaps cut. */
export const byteMutations = (bytes: Uint8Array, count: number, salt: number): Uint8Array[] => {
  const next = random(salt);
  return Array.from({ length: count }, () => {
    const changed = bytes.slice(0, next(2) === 0 ? bytes.length : next(bytes.length));
    for (let left = next(4); left > 0 && changed.length > 0; left--) changed[next(changed.length)] = next(256);
    return changed;
  });
};

/** Read and boot what may be no machine. @returns What was thrown that is no IommuError, with the input. */
const failure = async (input: string | Uint8Array): Promise<unknown> => {
  try {
    boot(await readMachineBytes(typeof input === 'string' ? encoder.encode(input) : input), { drivers: [] });
  } catch (error) {
    if (!isIommuError(error)) return { error, input };
  }
  return undefined;
};

/** The failures of many inputs. */
export const failures = async (inputs: readonly (string | Uint8Array)[]): Promise<unknown[]> => {
  const found: unknown[] = [];
  for (const input of inputs) {
    const one = await failure(input);
    if (one !== undefined) found.push(one);
  }
  return found;
};
