import type { Kernel } from '@iommu/core';

/** What grouping depends on besides the functions themselves. */
export interface PciSettings {
  /** Asked whenever something is judged; its answers must stay the same while the topology lives. */
  readonly kernel: Kernel;
  /** How to decide where a fact is not known: as if the function did not isolate, or as if it did. */
  readonly unknown: 'pessimistic' | 'optimistic';
  /** When the ACS control bits were read, as against the kernel's switching them on. */
  readonly acsRead: 'before-boot' | 'after-boot' | 'unknown';
  /** The bits were read while another kernel ran, or this one with other words: those that are set may be its doing. */
  readonly acsReadElsewhere?: boolean;
  /** Whether an IOMMU driver asked for ACS, so that the kernel switches it on. @see pci_request_acs() */
  acsRequested: boolean;
  /**
   * ACS is asked for only when most functions have been found, and those keep what firmware left: `after-boot` all that
   * are there at boot, `after-first` only the first. Absent: it is asked for before.
   *
   * @see of_iommu_configure()
   */
  acsLate?: 'after-boot' | 'after-first';
  /** Whether the machine has an IVRS table: a quirk of AMD southbridges looks for it. */
  ivrs: boolean;
}
