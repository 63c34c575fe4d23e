/** What the command's exit status says. */
export const Exit = {
  ok: 0,
  /** Computed and observed differ, or the thing asked about is not viable. */
  differs: 1,
  /** Wrong usage, or input that cannot be read. */
  usage: 2,
  /** The input does not hold what would decide. */
  unknown: 3,
  /** An error of this program. */
  bug: 70,
} as const;

export type ExitCode = (typeof Exit)[keyof typeof Exit];
