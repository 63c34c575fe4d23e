/** How a driver lets `sriov_numvfs` be written (`sriov_configure`). */
export interface SriovDriver {
  /** The release that brought it, where that is known. */
  readonly since?: string;
  /** The driver sets a limit below that of the hardware (`pci_sriov_set_totalvfs()`). */
  readonly limit?: number;
  /** What becomes of virtual functions when the driver lets go of the physical one. Default: it removes them. */
  readonly keepsVfs?: boolean;
  /** A module parameter without which it refuses. */
  readonly parameter?: string;
}

/**
 * Drivers with `sriov_configure`. One that is not listed has it if the description shows virtual functions of a device
 * that it is bound to.
 *
 * What igb, nvme and vfio-pci do is recorded (6.1 and 7.3: recordings sriov-writes, sriov-left-on). Those that only pass
 * the number on (`pci_sriov_configure_simple()`, since 4.18) are taken to leave virtual functions as nvme does; network
 * drivers take them along.
 *
 * @see Linux v6.12, the `sriov_configure` members of `struct pci_driver`
 */
export const SRIOV_DRIVERS: Readonly<Record<string, SriovDriver>> = {
  igb: { limit: 7 },
  ixgbe: {},
  i40e: {},
  ice: {},
  fm10k: {},
  mlx4_core: {},
  mlx5_core: {},
  bnx2x: {},
  bnxt_en: {},
  be2net: {},
  qede: {},
  qlcnic: {},
  cxgb4: {},
  sfc: {},
  nfp: {},
  hns3: {},
  hinic: {},
  ionic: {},
  ena: { keepsVfs: true },
  nvme: { keepsVfs: true },
  'pci-pf-stub': { since: '4.18', keepsVfs: true },
  'vfio-pci': { since: '5.7', parameter: 'enable_sriov' },
};
