/**
 * Words of a kernel command line that concern PCI, IOMMUs or ACPI, by their names. All others go: they name disks,
 * hosts, networks and keys.
 */
const KEPT: readonly RegExp[] = [
  /^(?:pci|pcie|iommu|acpi|vfio|vmd)(?:[._-]|$)/,
  /^(?:intel|amd|s390|ppc|virtio|riscv)[_-]?iommu/,
  /^arm[_-]smmu/,
  /^ivrs_/,
  /^intremap$/,
  /^(?:no)?x2apic/,
  /^no(?:apic|lapic|intremap)$/,
];

const isKept = (word: string): boolean => {
  const name = word.replaceAll('"', '').split('=', 1)[0] ?? '';
  return KEPT.some((pattern) => pattern.test(name));
};

/** Blanks part words, double quotes hold one together. @see Linux v6.1 lib/cmdline.c next_arg() */
const splitWords = (text: string): readonly string[] => text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];

const wordsOf = (text: string): readonly string[] => {
  const words = splitWords(text);
  const end = words.indexOf('--');
  // What follows is for the init process.
  return words.slice(0, end < 0 ? undefined : end);
};

/** A command line reduced to the words that concern PCI, IOMMUs and ACPI. */
export const redactCommandLine = (text: string): string => wordsOf(text).filter(isKept).join(' ');

/** A path, an address with a user, or a long mixture of letters and digits: no word of a dump, and no address of a device. */
const isDistinct = (value: string): boolean =>
  value.length >= 8 &&
  !/[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/i.test(value) &&
  (/[/@]/.test(value) || (value.length >= 12 && /\d/.test(value) && /[g-z]/i.test(value)));

/** Words that {@link redactCommandLine} takes out, and their values, where a log that repeats them can be known by it. */
export const droppedWords = (text: string): string[] =>
  splitWords(text)
    .filter((word) => /.=./.test(word) && !isKept(word))
    .flatMap((word) => {
      const value = word.slice(word.indexOf('=') + 1);
      return [...(word.length >= 8 ? [word] : []), ...(isDistinct(value) ? [value] : [])];
    });

const LOGGED = /((?:Kernel command line|Command line):[^\S\n]?)([^\n]*)/g;
const UNKNOWN = /(Unknown kernel command line parameters )([^\n]*)/g;
/** `cat /proc/cmdline`, and the variable of a boot loader's configuration. */
const SHOWN = /^([>| \t]*)((?:BOOT_IMAGE=|initrd=|root=\S)[^\n]*)$/gm;
const CONFIGURED = /(GRUB_CMDLINE_LINUX\w*=)(["'])([^"'\n]*)\2/g;
/** What the kernel hands to init, a word a line. */
const HANDED = /(with (?:arguments|environment):[^\n]*\n)((?:[^\n]*\] {4,}\S[^\n]*\n?|[ \t]{4,}\S[^\n]*\n?)*)/g;

/** Texts that show a command line, wherever they stand in a log or a dump. */
export const commandLinesIn = (text: string): string[] =>
  [...text.matchAll(LOGGED), ...text.matchAll(UNKNOWN), ...text.matchAll(SHOWN)].map(([, , line = '']) =>
    line.replace(/^"|"[^"]*$/g, '').trimEnd(),
  );

/** Text with every command line in it reduced. */
export const redactCommandLines = (text: string): string =>
  text
    .replace(LOGGED, (_, head: string, line: string) => head + redactCommandLine(line))
    .replace(UNKNOWN, '$1"", redacted')
    .replace(SHOWN, (_, head: string, line: string) => head + redactCommandLine(line))
    .replace(
      CONFIGURED,
      (_, name: string, quote: string, line: string) => name + quote + redactCommandLine(line) + quote,
    )
    .replace(HANDED, '$1');
