/** Lines of a kernel's log that tell of PCI, IOMMUs, their firmware or the kernel itself. */
const TELLING =
  /Linux version|Booting Linux on|ommand line|\bPCI\b|\bpci(?:e|_bus|eport|-\S+)?\b|\b[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b|iommu|smmu|DMAR|AMD-Vi|IVRS|IORT|VIOT|\bvfio|\bvmd\b|x2apic|ECAM|ACPI: (?:DMAR|IVRS|IORT|VIOT|MCFG)/i;

/** The lines of a log that concern grouping: what other drivers and services say is not kept. */
export const iommuLines = (log: string): string =>
  log
    .split('\n')
    .filter((line) => TELLING.test(line))
    .map((line) => `${line}\n`)
    .join('');

/** `[    0.000000] …`, `[Sun Nov 22 12:44:05 2026] …`, `Nov 22 12:44:05 host kernel: …`, `2026-11-22T12:44:05+00:00 host kernel: …` */
const LOG_LINE =
  /^(?:<\d+>)?\[[ \d]{1,12}\.\d{3,6}\] |^\[[A-Z][a-z]{2} [A-Z][a-z]{2} [^\]]{4,20}\] |^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ |^\d{4}-\d\d-\d\dT\d\d:\S+ \S+ \S+: /;

/** Text of several kinds without the lines of logs that do not concern grouping. */
export const withoutOtherLogLines = (text: string): string =>
  text
    .split('\n')
    .filter((line) => TELLING.test(line) || !LOG_LINE.test(line))
    .join('\n');
