/**
 * Run every step, whatever the others throw: what is given back must be given back whole.
 *
 * @returns What the first step that failed threw; `undefined` when none did.
 */
export const runAll = (steps: readonly (() => void)[]): unknown => {
  let failure: unknown;
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      failure ??= error;
    }
  }
  return failure;
};
