/** A mainline version, as far as behaviour depends on it: the first two numbers. */
export interface Version {
  /** 6 of `6.1.56`. */
  readonly major: number;
  /** 1 of `6.1.56`; what follows is not kept. */
  readonly minor: number;
}

/** `6.1` out of `6.1.0-56-amd64`, `v6.1-rc3`, `6.1`; `undefined` when the text does not start with a version. */
export const parseVersion = (text: string): Version | undefined => {
  const match = /^v?(\d{1,3})\.(\d{1,3})(?!\d)/.exec(text.trim());
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
};

/** Negative, zero or positive, as `a` is older than, equal to or newer than `b`. */
export const compareVersions = (a: Version, b: Version): number => a.major - b.major || a.minor - b.minor;

/** `6.1` */
export const formatVersion = ({ major, minor }: Version): string => `${major}.${minor}`;

/** The last release of each series that has ended. */
const LAST_MINORS: Readonly<Record<number, number>> = { 3: 19, 4: 20, 5: 19, 6: 19 };

/** The mainline release before another: `6.19` for `7.0`; `undefined` where the numbering does not tell. */
export const releaseBefore = (release: string): string | undefined => {
  const version = parseVersion(release);
  if (!version) return undefined;
  const { major, minor } = version;
  if (minor > 0) return formatVersion({ major, minor: minor - 1 });
  const last = LAST_MINORS[major - 1];
  return last === undefined ? undefined : formatVersion({ major: major - 1, minor: last });
};

/** Who built a kernel, where its release tells: vendors carry changes of later releases. */
export type Flavour =
  | 'debian'
  | 'ubuntu'
  | 'enterprise-linux'
  | 'fedora'
  | 'proxmox'
  | 'suse'
  | 'arch'
  | 'zen'
  | undefined;

const FLAVOURS: readonly (readonly [RegExp, Flavour])[] = [
  [/\bfc\d+\b/, 'fedora'],
  [/\bel\d+/, 'enterprise-linux'],
  [/-pve\b/, 'proxmox'],
  [/\+deb\d+|^\d+\.\d+\.\d+-(?:\d+-|rc\d+-)?(?:cloud-|rt-)?(?:amd64|arm64)$/, 'debian'],
  [/-(?:generic|lowlatency|azure|aws|gcp|oem)\b/, 'ubuntu'],
  [/-(?:default|lp\d+)\b/, 'suse'],
  [/-zen\d/, 'zen'],
  [/-arch\d/, 'arch'],
];

/** The vendor that a release string speaks of; `undefined` for one that does not say. */
export const flavourOf = (release: string): Flavour => FLAVOURS.find(([pattern]) => pattern.test(release))?.[1];
