/** One word of the kernel command line, in its order: `intel_iommu=on` is `{ name: 'intel_iommu', value: 'on' }`. */
export interface BootParameter {
  /** What stands before the first `=`, as written: `-` and `_` are not made the same. */
  readonly name: string;
  /** `undefined` for a word without `=`. */
  readonly value: string | undefined;
}

/**
 * The kernel whose answer is wanted.
 *
 * Packages never compare releases themselves: what differs between releases is asked by the name of the rule, and the
 * one table that knows releases (in `@iommu/machine`) fills the answers.
 */
export interface Kernel {
  /** As `uname -r` prints it, or a bare version; `undefined` when the input does not hold it. */
  readonly release: string | undefined;
  /** Of the machine, as the kernel's `arch/` folder spells it: `x86`, `arm64`. */
  readonly arch: string;
  /** Its words in order, up to `--`, without their quotes; empty also when the input holds no command line. */
  readonly commandLine: readonly BootParameter[];
  /** How the kernel was configured to choose default domains (`CONFIG_IOMMU_DEFAULT_…`). */
  readonly defaultDomain: 'passthrough' | 'lazy' | 'strict';
  /** The behaviour named `rule` at this release; `undefined` when no release differs in it, so the default stands. */
  rule(rule: string): string | undefined;
  /** Whether this kernel has what upstream added in `version` (`5.8`). For data rows that carry their release. */
  has(version: string): boolean;
}

const withUnderscores = (name: string): string => name.replaceAll('-', '_');

/**
 * The values of every occurrence of `name` on the command line, in order; a word without `=` gives the empty string.
 * Hyphens and underscores are the same in the name of a parameter: `intel-iommu=off` counts too.
 *
 * @see Linux v6.1 kernel/params.c parameq()
 */
export const bootParameters = ({ commandLine }: Pick<Kernel, 'commandLine'>, name: string): string[] => {
  const wanted = withUnderscores(name);
  return commandLine.filter((word) => withUnderscores(word.name) === wanted).map(({ value }) => value ?? '');
};
