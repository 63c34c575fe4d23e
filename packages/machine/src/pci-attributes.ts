import type { PciDevice } from '@iommu/pci';
import type { MachinePciFunction } from './machine.js';

/**
 * Files of a PCI function's directory in sysfs that a description may carry as they were read, because nothing else in
 * it tells their content. None of them holds what tells one machine from another of its kind.
 */
export const PCI_ATTRIBUTES = [
  'aer_dev_correctable',
  'aer_dev_fatal',
  'aer_dev_nonfatal',
  'aer_rootport_total_err_cor',
  'aer_rootport_total_err_fatal',
  'aer_rootport_total_err_nonfatal',
  'ari_enabled',
  'boot_vga',
  'broken_parity_status',
  'consistent_dma_mask_bits',
  'current_link_speed',
  'current_link_width',
  'd3cold_allowed',
  'devspec',
  'dma_mask_bits',
  'enable',
  'irq',
  'local_cpulist',
  'local_cpus',
  'max_link_speed',
  'max_link_width',
  'msi_bus',
  'numa_node',
  'power_state',
  'reset_method',
  'resource',
  'sriov_offset',
  'sriov_stride',
  'sriov_totalvfs',
  'sriov_vf_device',
  'sriov_vf_total_msix',
] as const;

/** One of {@link PCI_ATTRIBUTES}. */
export type PciAttribute = (typeof PCI_ATTRIBUTES)[number];

/** By the name of their file, without the ending newline. */
export type PciAttributes = { readonly [name in PciAttribute]?: string };

const NONE: PciAttributes = {};

/** The further attributes that the description of a function carries. */
export const attributesOf = ({ description }: PciDevice): PciAttributes =>
  (description as MachinePciFunction).attributes ?? NONE;
