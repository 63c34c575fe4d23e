import { KERNEL_RULES } from './kernel-rules.js';
import { compareVersions, parseVersion } from './version.js';

const isNewer = (one: string, other: string): boolean => {
  const [a, b] = [parseVersion(one), parseVersion(other)];
  return a !== undefined && b !== undefined && compareVersions(a, b) > 0;
};

/** The newest mainline release that the table of rules speaks of. */
export const NEWEST_RELEASE: string = KERNEL_RULES.flatMap(({ from, until, unresolved = [] }) => [
  ...(from === undefined ? [] : [from]),
  ...(until === undefined ? [] : [until]),
  ...unresolved,
]).reduce((newest, one) => (isNewer(one, newest) ? one : newest));
