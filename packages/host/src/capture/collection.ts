import type { TreeEntry } from '../tree-entries.js';

/** How much of a function's configuration space could be read. */
export interface ConfigRead {
  readonly address: string;
  readonly length: number;
  /** What the file says it holds; absent where only what was recorded is known. */
  readonly size: number | undefined;
}

/** Files and links as they are found, each path once, and what was noticed on the way. */
export class Collection {
  readonly #entries = new Map<string, TreeEntry>();
  readonly configs: ConfigRead[] = [];
  /** Of the kernel's groups, how many; `undefined`: there is no place for them. */
  groups: number | undefined;

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  file(path: string, bytes: Uint8Array): void {
    this.#entries.set(path, { path, bytes });
  }

  link(path: string, link: string): void {
    this.#entries.set(path, { path, link });
  }

  directory(path: string): void {
    if (!this.#entries.has(path)) this.#entries.set(path, { path, directory: true });
  }

  config(address: string, length: number, size: number | undefined): void {
    this.configs.push({ address, length, size });
  }

  get entries(): TreeEntry[] {
    return [...this.#entries.values()];
  }
}
