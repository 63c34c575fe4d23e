/** Work for a thread: a dump to read, or lines that are a machine each. */
export type Task =
  | { readonly kind: 'dump'; readonly path: string }
  | { readonly kind: 'lines'; readonly first: number; readonly bytes: Uint8Array };

/** What every task is done with. */
export interface TaskSettings {
  readonly policy: string;
  readonly against: string;
  readonly kernel?: string;
  readonly cmdline?: string;
  /** URLs of the modules of drivers. */
  readonly driver: readonly string[];
}

/** How the machines of a task, or of all, fared. */
export interface Tally {
  machines: number;
  changed: number;
  uncertain: number;
  failed: number;
}

export interface TaskResult {
  /** Records as JSON, a line each. */
  readonly output: string;
  readonly tally: Tally;
}

export const emptyTally = (): Tally => ({ machines: 0, changed: 0, uncertain: 0, failed: 0 });

export const addTally = (to: Tally, one: Tally): void => {
  to.machines += one.machines;
  to.changed += one.changed;
  to.uncertain += one.uncertain;
  to.failed += one.failed;
};
