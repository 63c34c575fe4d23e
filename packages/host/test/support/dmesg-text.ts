/** Two root buses, the later first; a unit; the groups. */
export const LOG: readonly string[] = [
  'Linux version 6.1.0-56-amd64 (builder@example.org) (gcc-12) #1 SMP PREEMPT_DYNAMIC',
  'Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 iommu.strict=0 quiet',
  'DMAR: Host address width 46',
  'DMAR: dmar0: reg_base_addr d0000000 ver 1:2 cap 8d2078c106f0466 ecap f020df',
  'Kernel command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 iommu.strict=0 quiet',
  'iommu: Default domain type: Translated ',
  'PCI host bridge to bus 0000:80',
  'pci 0000:80:00.0: [f00d:0100] type 00 class 0x060000 conventional PCI endpoint',
  'PCI host bridge to bus 0000:00',
  'pci 0000:00:01.0: [f00d:0101] type 01 class 0x060400 PCIe Root Port',
  'pci 0000:00:02.0: [f00d:0101] type 01 class 0x060400 PCIe Root Port',
  'pci 0000:01:00.0: [f00d:0110] type 00 class 0x020000 PCIe Endpoint',
  'pci 0000:00:01.0: PCI bridge to [bus 01]',
  'pci 0000:00:02.0: PCI bridge to [bus 02-05]',
  'pci 0000:80:00.0: Adding to iommu group 1',
  'pci 0000:00:01.0: Adding to iommu group 0',
  'pci 0000:00:02.0: Adding to iommu group 0',
  'pci 0000:01:00.0: Adding to iommu group 2',
  'pcieport 0000:00:02.0: PME: Signaling with IRQ 24',
  'nvme nvme0: pci function 0000:01:00.0',
  'pcieport 0000:00:02.0: AER: enabled with IRQ 24',
];

/** What stands before the lines of a log: nothing, or one of these. */
export const PREFIXES: readonly (readonly [string, string])[] = [
  ['nothing', ''],
  ['time stamps', '[    0.523417] '],
  ['time stamps and callers', '[    0.523417][    T1] '],
  ['levels', '<6>[    0.523417] '],
  ['journal prefixes', 'Jan 02 03:04:05 myhost kernel: '],
  ['journal prefixes and time stamps', 'Jan  2 03:04:05 my-host kernel: [    0.523417] '],
  ['ISO times', '2026-01-02T03:04:05,523417+00:00 '],
  ['quoting', '> [    0.523417] '],
];

export const logText = (prefix = '', lines: readonly string[] = LOG): string =>
  lines.map((line) => `${prefix}${line}\n`).join('');
