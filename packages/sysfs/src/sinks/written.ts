import type { RootEntry } from './root-entries.js';

/** What a sink wrote. */
export interface Written {
  /** Where, as the caller named it. */
  readonly target: string;
  /** How many, `sys` itself among them, the folder that holds it not. */
  readonly directories: number;
  /** How many, those that are `unanswered` among them. */
  readonly files: number;
  /** How many symbolic links. */
  readonly links: number;
  /** Files that may be read and did not answer, so that they are empty; their paths. */
  readonly unanswered: readonly string[];
}

/** Counts entries while they go by. */
export class Tally {
  #directories = 0;
  #files = 0;
  #links = 0;
  readonly #unanswered: string[] = [];

  count(entry: RootEntry): void {
    if (entry.kind === 'directory') this.#directories++;
    else if (entry.kind === 'link') this.#links++;
    else {
      this.#files++;
      if (entry.errno !== undefined) this.#unanswered.push(entry.path);
    }
  }

  written(target: string): Written {
    return {
      target,
      directories: this.#directories,
      files: this.#files,
      links: this.#links,
      unanswered: this.#unanswered,
    };
  }
}
