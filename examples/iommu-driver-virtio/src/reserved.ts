import type { ReservedRegion } from '@iommu/core';
import type { VirtioFirmware } from './unit.js';

/** Where devices write interrupts on x86. QEMU, crosvm and Cloud Hypervisor all say so of every endpoint. */
const X86_WINDOW: ReservedRegion = { start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' };

/**
 * Where the kernel puts the page to which devices write their interrupts, when the virtual IOMMU says of no addresses
 * that it leaves them alone.
 *
 * @see Linux v7.0 drivers/iommu/virtio-iommu.c MSI_IOVA_BASE, MSI_IOVA_LENGTH
 */
const SOFTWARE_WINDOW: ReservedRegion = { start: 0x8000000n, end: 0x80fffffn, type: 'sw-msi' };

/**
 * What a virtual IOMMU says of the addresses of its endpoints. It is asked for each, and its answers are not in a dump:
 * those of QEMU, which leaves alone the page to which interrupts are written.
 *
 * @see QEMU 10.0 hw/arm/virt.c virt_machine_device_pre_plug_cb(), hw/i386/pc.c pc_machine_device_pre_plug_cb()
 * @see Linux v7.0 drivers/iommu/virtio-iommu.c viommu_get_resv_regions()
 */
export const interruptWindow = (arch: string, firmware: VirtioFirmware | undefined): ReservedRegion => {
  if (arch === 'x86') return X86_WINDOW;
  return (arch === 'arm64' ? firmware?.interruptPage : undefined) ?? SOFTWARE_WINDOW;
};
