/** Lines of a kernel's log that tell of PCI, IOMMUs, their firmware or the kernel itself. */
const TELLING =
  /Linux version|ommand line|\bPCI\b|\bpci(?:e|_bus|eport|-\S+)?\b|\b[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\b|iommu|smmu|DMAR|AMD-Vi|IVRS|IORT|VIOT|\bvfio|\bvmd\b|x2apic|ECAM|ACPI: (?:DMAR|IVRS|IORT|VIOT|MCFG)/i;

/** The lines of a log that concern grouping: what other drivers and services say is not kept. */
export const iommuLines = (log: string): string =>
  log
    .split('\n')
    .filter((line) => TELLING.test(line))
    .map((line) => `${line}\n`)
    .join('');
