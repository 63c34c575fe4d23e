import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Step } from './plan.js';

/** Make the directories and links of a view, and an empty place for each entry that is to be bound. */
export const makeSkeleton = (top: string, steps: readonly Step[]): void => {
  for (const step of steps) {
    const path = join(top, step.at);
    if (step.make === 'link') symlinkSync(step.target, path);
    else if (step.make === 'bind' && step.kind === 'file') writeFileSync(path, '');
    else mkdirSync(path, { mode: 0o755 });
  }
};
