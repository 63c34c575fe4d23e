/** Something odd that the kernel would survive, or that the model had to suppose. */
export interface Diagnostic {
  /** `firmware-bug`: what Linux logs as such. `assumed`: the input does not hold it. */
  readonly severity: 'info' | 'warning' | 'firmware-bug' | 'assumed';
  /** Stable, kebab-case. */
  readonly code: string;
  /** What and where, one sentence. */
  readonly message: string;
  /** Place in a firmware table; `offset` in bytes from the table's start. */
  readonly at?: { readonly table: string; readonly offset: number };
}
