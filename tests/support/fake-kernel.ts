import type { Kernel } from '@iommu/core';

/** What a test wants of a kernel; what it leaves out is as in the newest. */
export interface KernelSketch {
  /** `5.8` */
  readonly release?: string;
  readonly rules?: Readonly<Record<string, string>>;
  readonly commandLine?: string;
  /** Default `x86`. */
  readonly arch?: string;
}

const compare = (one: string, other: string): number => {
  const [a = 0, b = 0] = one.split('.').map(Number);
  const [c = 0, d = 0] = other.split('.').map(Number);
  return a - c || b - d;
};

/** A kernel for tests below `@iommu/machine`, which has the real ones. */
export const fakeKernel = ({ release, rules = {}, commandLine = '', arch = 'x86' }: KernelSketch = {}): Kernel => ({
  release,
  arch,
  commandLine: commandLine
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? { name: word, value: undefined } : { name: word.slice(0, at), value: word.slice(at + 1) };
    }),
  defaultDomain: arch === 'x86' ? 'lazy' : 'strict',
  rule: (name) => rules[name],
  has: (version) => release === undefined || compare(release, version) >= 0,
});
