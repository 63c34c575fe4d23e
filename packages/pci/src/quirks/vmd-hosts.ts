/**
 * Endpoints of Intel's Volume Management Device, which put the devices behind them into a PCI segment of their own.
 *
 * @see https://pci-ids.ucw.cz (vendor 8086, "Volume Management Device"); Linux v6.12 drivers/pci/controller/vmd.c
 */
const VMD_HOSTS = new Set([0x201d, 0x28c0, 0x467f, 0x4c3d, 0x7d0b, 0x9a0b, 0xa77f, 0xad0b, 0xb06f, 0xb60b]);

/** Whether ids are those of an endpoint that hosts a PCI segment (VMD). */
export const isVmdHost = (vendor: number | undefined, device: number | undefined): boolean =>
  vendor === 0x8086 && device !== undefined && VMD_HOSTS.has(device);
