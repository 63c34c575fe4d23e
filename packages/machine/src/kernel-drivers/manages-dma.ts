/**
 * Kernel drivers that do not use the group's DMA by being bound (`driver_managed_dma`).
 *
 * @see Linux v7.0: drivers/pci/pcie/portdrv.c, drivers/pci/pci-stub.c, drivers/vfio/
 */
const MANAGES_DMA = new Set([
  'pcieport',
  'pci-stub',
  'vfio-pci',
  'mlx5-vfio-pci',
  'mlx5_vfio_pci',
  'hisi_acc_vfio_pci',
  'hisi-acc-vfio-pci',
  'virtio-vfio-pci',
  'virtio_vfio_pci',
  'pds-vfio-pci',
  'pds_vfio_pci',
  'qat_vfio_pci',
  'xe-vfio-pci',
  'ism_vfio_pci',
  'nvgrace-gpu-vfio-pci',
  'vfio-platform',
  'vfio-amba',
  'vfio-fsl-mc',
  'vfio-cdx',
]);

/** Whether a driver leaves the group's DMA to others. */
export const managesDma = (driver: string): boolean => MANAGES_DMA.has(driver);
