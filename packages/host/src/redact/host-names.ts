const NAME = '([A-Za-z0-9][A-Za-z0-9._-]*)';

/*
 * Places that hold a host name, each as what stands before it and the name. There it is blanked, whatever it is; a name
 * that can be told from other words is blanked in all other places too.
 */
const PLACES: readonly RegExp[] = [
  // A line of syslog or of journalctl.
  new RegExp(String.raw`(^[>| \t]*[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d )${NAME}(?= [^\s:]+:)`, 'gm'),
  new RegExp(String.raw`(^[>| \t]*\d{4}-\d\d-\d\dT[\d:.,]+(?:Z|[+-]\d\d:?\d\d) )${NAME}(?= [^\s:]+:)`, 'gm'),
  // systemd, hostnamectl, dhclient and others.
  new RegExp(
    String.raw`((?:host ?name set to|set host ?name to|(?:static |transient )?host ?name(?: is)?[:=]|node ?name[:=])\s*["'<]?)${NAME}`,
    'gi',
  ),
  // uname -a
  new RegExp(String.raw`(\bLinux )(?!version\b)${NAME}(?= \d+\.\d+\S* #)`, 'g'),
];
/** `user@host:~$`, `[user@host ~]#` */
const PROMPT = new RegExp(String.raw`(^[>| \t]*\[?)${NAME}@${NAME}(?=[:\s][^\n]*[#$%])`, 'gm');
/** Who built the kernel, and where. */
const BUILDER = /(Linux version \S+ )\(([^()@\s]+)@([^()\s]+)\)/g;
const MAIL = /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w-])/gi;
const HOME = /(\/home\/)([^/\s"']+)/g;

/** Names that systems come with, ends of kernel releases, and words of dumps. */
const COMMON =
  /^(?:localhost|linux|kernel|debian|ubuntu|fedora|centos|rocky|alma|arch|archlinux|archiso|nixos|gentoo|opensuse|suse|raspberrypi|proxmox|pve|zen|lts|generic|lowlatency|hardened|cachyos|xanmod|liquorix|manjaro|cloud|azure|aws|gcp|oem|rpi|tegra|amd64|x86_64|arm64|aarch64|unraid|tower|truenas|esxi|xen|qemu|kvm|guest|host|server|desktop|laptop|workstation|home|router|gateway|root|port|bridge|bus|pci|pcie|device|devices|system|class|unit|iommu|iommu_group|iommu_groups|intel|amd|nvidia|arm|smmu|vfio|virtio|dmar|acpi|platform|virtual|driver|drivers|subsystem|config|vendor|express|endpoint|group|type)$/;

const blank = (text: string): string => text.replace(/[^.]/g, 'x');

const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Whether a name can be looked for everywhere: not a number of a device, not a word that dumps are made of. */
const isDistinct = (name: string): boolean =>
  name.length >= 3 &&
  !COMMON.test(name) &&
  !/^x+$/.test(name) &&
  !(name.length < 9 && /^[0-9a-f]+$/.test(name)) &&
  !/^(?:pci|dmar|ivhd|smmu|vfio|acpi|pnp)[\da-f.:_-]/.test(name);

/** Any of these as a word; the longest first, for a domain's first part is a name as well. */
const anyOf = (names: Iterable<string>): RegExp => {
  const patterns = [...names].sort((a, b) => b.length - a.length).map(literally);
  return new RegExp(`(?<![A-Za-z0-9])(?:${patterns.join('|')})(?![A-Za-z0-9])`, 'gi');
};

/** The host names of a machine: learned from what is read, then blanked wherever they stand. */
export class HostNames {
  readonly #names = new Set<string>();
  #pattern: RegExp | undefined;

  /** A name that is known to be the host's, with or without its domain. */
  add(name: string): void {
    const whole = name.trim().toLowerCase();
    for (const part of [whole, whole.split('.', 1)[0] ?? '']) {
      if (isDistinct(part)) this.#names.add(part);
    }
    this.#pattern = undefined;
  }

  learn(text: string): void {
    for (const place of PLACES) for (const [, , name = ''] of text.matchAll(place)) this.add(name);
    for (const [, , , name = ''] of text.matchAll(PROMPT)) this.add(name);
    // Distributions build on hosts with a name of their own; it is not this machine's, but it does not help either.
    for (const [, , , name = ''] of text.matchAll(BUILDER)) this.add(name);
  }

  /** Blank the names that were learned, where they stand as words; of the same length. */
  redactWords(text: string): string {
    if (this.#names.size === 0) return text;
    this.#pattern ??= anyOf(this.#names);
    return text.replace(this.#pattern, blank);
  }

  /** Blank names in text: those that were learned, and whatever stands where a host or a user is named. */
  redact(text: string): string {
    let redacted = text;
    for (const place of PLACES)
      redacted = redacted.replace(place, (_, head: string, name: string) => head + blank(name));
    redacted = redacted
      .replace(PROMPT, (_, head: string, user: string, host: string) => `${head}${blank(user)}@${blank(host)}`)
      .replace(BUILDER, (_, head: string, user: string, host: string) => `${head}(${blank(user)}@${blank(host)})`)
      .replace(MAIL, (address) => address.replace(/[^@.]/g, 'x'))
      .replace(HOME, (_, head: string, user: string) => head + blank(user));
    return this.redactWords(redacted);
  }
}
