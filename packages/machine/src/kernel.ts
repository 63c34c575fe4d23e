import { type BootParameter, bootParameters, type Diagnostic, type Kernel } from '@iommu/core';
import { KERNEL_RULES, type KernelRule } from './kernel-rules.js';
import type { MachineKernel } from './machine.js';
import { compareVersions, type Flavour, flavourOf, formatVersion, parseVersion, type Version } from './version.js';

/** A kernel, with what is not sure about the answers of its rules. */
export interface ResolvedKernel extends Kernel {
  /** `undefined`: no release is known, or it starts with no version; the newest rules answer then. */
  readonly version: Version | undefined;
  /** `undefined`: the release names no vendor, or there is none. */
  readonly flavour: Flavour;
  /** What is not sure about its answers, all `assumed`: `kernel-unknown`, `kernel-unresolved`, `kernel-vendor`. */
  readonly diagnostics: readonly Diagnostic[];
  /** What is not sure about rules that concern few machines, in so far as they were asked for. */
  doubtsOfAsked(): Diagnostic[];
}

/** Rules of a policy win over those of the release. */
export type RuleOverrides = Readonly<Record<string, string>>;

/**
 * Split a command line into words: blanks part them, double quotes hold one together and are dropped.
 *
 * @see Linux v6.1 lib/cmdline.c next_arg()
 */
export const parseCommandLine = (text: string): BootParameter[] => {
  const words = text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];
  const parameters: BootParameter[] = [];
  for (const word of words) {
    const plain = word.replaceAll('"', '');
    // What follows is for the init process.
    if (plain === '--') break;
    const at = plain.indexOf('=');
    parameters.push(
      at < 0 ? { name: plain, value: undefined } : { name: plain.slice(0, at), value: plain.slice(at + 1) },
    );
  }
  return parameters;
};

const ARCHES: readonly (readonly [RegExp, string])[] = [
  [/^(x86|i[3-6]86|amd64)/, 'x86'],
  [/^(aarch64|arm64)/, 'arm64'],
  [/^arm/, 'arm'],
  [/^riscv/, 'riscv'],
  [/^(ppc|powerpc)/, 'powerpc'],
  [/^s390/, 's390'],
];

/** The architecture as far as it was told, be it by the name of a release. */
export const toldArch = (kernel: MachineKernel = {}): string | undefined =>
  kernel.arch ?? /-(amd64|arm64|x86_64|aarch64)$|\.(x86_64|aarch64)$/.exec(kernel.release ?? '')?.[0]?.slice(1);

const archOf = (kernel: MachineKernel): string => {
  const text = toldArch(kernel);
  if (text === undefined) return 'x86';
  return ARCHES.find(([pattern]) => pattern.test(text))?.[1] ?? text;
};

const isBefore = (version: Version, bound: string): boolean =>
  compareVersions(version, parseVersion(bound) as Version) < 0;

const within = (version: Version | undefined, { from, until }: Pick<KernelRule, 'from' | 'until'>): boolean => {
  if (!version) return until === undefined;
  return !(from !== undefined && isBefore(version, from)) && (until === undefined || isBefore(version, until));
};

const isUnresolved = (version: Version, [old, fresh]: readonly [string, string]): boolean =>
  compareVersions(version, parseVersion(old) as Version) > 0 &&
  compareVersions(version, parseVersion(fresh) as Version) < 0;

/** What a list of groups shows; rules on other things are no news to its reader. */
const ANSWERED: ReadonlySet<KernelRule['touches']> = new Set(['partition', 'ids', 'type', 'regions']);

/** Vendors that switch VT-d on only when asked. Unverified. */
const VTD_OFF_BY_DEFAULT: readonly Flavour[] = ['enterprise-linux'];

const vtdDefault = ({ config, commandLine }: MachineKernel, flavour: Flavour): 'on' | 'off' => {
  if (config?.intelIommuDefaultOn !== undefined) return config.intelIommuDefaultOn ? 'on' : 'off';
  return commandLine !== undefined && VTD_OFF_BY_DEFAULT.includes(flavour) ? 'off' : 'on';
};

/** Vendors whose kernels carry the patch `pcie_acs_override`. Stated: their lists of patches. */
const WITH_ACS_OVERRIDE: readonly Flavour[] = ['proxmox', 'zen'];

/** What the command line asks of that patch, on a kernel that has it; the last occurrence wins. */
const acsOverride = (parameters: readonly BootParameter[], flavour: Flavour): string | undefined =>
  WITH_ACS_OVERRIDE.includes(flavour)
    ? bootParameters({ commandLine: parameters }, 'pcie_acs_override').at(-1) || undefined
    : undefined;

const assumed = (code: string, message: string): Diagnostic => ({ severity: 'assumed', code, message });

/** Rules that changed somewhere around this version, with the answer taken. */
const unresolvedRules = (version: Version, isMeant: (row: KernelRule) => boolean): Diagnostic[] =>
  KERNEL_RULES.filter(
    (row) => row.unresolved && ANSWERED.has(row.touches) && isMeant(row) && isUnresolved(version, row.unresolved),
  ).map((row) => {
    const change = row.until ?? row.from;
    const side = change !== undefined && isBefore(version, change) ? 'before' : 'after';
    const interval = row.unresolved?.join(' and ');
    return assumed(
      'kernel-unresolved',
      `${row.rule} changed between ${interval}; ${formatVersion(version)} is answered as ${side} the change`,
    );
  });

const doubtsOf = (release: string | undefined, version: Version | undefined, flavour: Flavour): Diagnostic[] => {
  if (release === undefined)
    return [assumed('kernel-unknown', 'the input does not name its kernel; the newest rules are used')];
  if (!version)
    return [assumed('kernel-unknown', `'${release}' does not start with a version; the newest rules are used`)];
  const vendor = assumed(
    'kernel-vendor',
    `${release} carries changes of later releases; it is answered as ${formatVersion(version)}`,
  );
  return [
    ...unresolvedRules(version, ({ onlyIfAsked }) => !onlyIfAsked),
    ...(flavour === 'enterprise-linux' ? [vendor] : []),
  ];
};

/**
 * The kernel of a machine, ready to be asked.
 *
 * A release that is not known answers as the newest; one that lies inside an unresolved interval of a rule, or a vendor's
 * kernel, says so in `diagnostics`.
 */
export const resolveKernel = (kernel: MachineKernel = {}, overrides: RuleOverrides = {}): ResolvedKernel => {
  const { release } = kernel;
  const version = release === undefined ? undefined : parseVersion(release);
  const flavour = release === undefined ? undefined : flavourOf(release);
  const arch = archOf(kernel);
  const rules = new Map<string, string>([['vtd-default', vtdDefault(kernel, flavour)]]);
  for (const row of KERNEL_RULES) if (within(version, row)) rules.set(row.rule, row.value);
  const commandLine = parseCommandLine(kernel.commandLine ?? '');
  const override = acsOverride(commandLine, flavour);
  if (override !== undefined) rules.set('acs-override', override);
  for (const [rule, value] of Object.entries(overrides)) rules.set(rule, value);
  const releases = new Map<string, boolean>();
  const has = (since: string): boolean => {
    const known = releases.get(since);
    if (known !== undefined) return known;
    const answer = !version || compareVersions(version, parseVersion(since) ?? version) >= 0;
    releases.set(since, answer);
    return answer;
  };
  const asked = new Set<string>();
  return {
    release,
    version,
    flavour,
    arch,
    commandLine,
    defaultDomain: kernel.config?.defaultDomain ?? (arch === 'x86' || arch === 's390' ? 'lazy' : 'strict'),
    diagnostics: doubtsOf(release, version, flavour),
    doubtsOfAsked: () =>
      version ? unresolvedRules(version, ({ onlyIfAsked, rule }) => onlyIfAsked === true && asked.has(rule)) : [],
    rule: (name) => {
      asked.add(name);
      return rules.get(name);
    },
    has,
  };
};
