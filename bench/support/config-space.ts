import type { MachinePciFunction } from '@iommu/machine';
import { PcieType, parseAcsFlags, parsePciAddress } from '@iommu/pci';

/** Write a configuration space of 4096 bytes with the capabilities that a usual PCI Express function has. */
export const writeConfigSpace = (fn: MachinePciFunction): Uint8Array => {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  const [vendor = '8086', device = '1533'] = (fn.id ?? '').split(':').filter(Boolean);
  view.setUint16(0x00, Number.parseInt(vendor, 16), true);
  view.setUint16(0x02, Number.parseInt(device, 16), true);
  view.setUint16(0x04, 0x0507, true);
  view.setUint16(0x06, 0x0010, true);
  view.setUint32(0x08, Number.parseInt(fn.class ?? '020000', 16) * 0x100 + 1, true);
  view.setUint8(0x0e, (fn.headerType ?? 0) | (fn.multifunction ? 0x80 : 0));
  if (fn.headerType === 1) {
    view.setUint8(0x18, parsePciAddress(fn.address).rid >> 8);
    view.setUint8(0x19, fn.secondaryBus ?? 0);
    view.setUint8(0x1a, fn.subordinateBus ?? 0);
  }
  view.setUint8(0x34, 0x40);
  // Power management, MSI, PCI Express.
  view.setUint32(0x40, 0xc8035001, true);
  view.setUint32(0x44, 0x2008, true);
  view.setUint32(0x50, 0x01806005, true);
  view.setUint32(0x60, 0x00020010 | (PcieType[fn.express ?? 'endpoint'] << 20), true);
  view.setUint32(0x64, 0x10008fe0, true);
  view.setUint32(0x68, 0x0009297f, true);
  view.setUint32(0x6c, 0x00455c13, true);
  // Advanced error reporting, then ACS where there is one.
  view.setUint32(0x100, 0x0001 | (2 << 16) | ((fn.acs ? 0x140 : 0) << 20), true);
  if (fn.acs) {
    view.setUint32(0x140, 0x000d | (1 << 16), true);
    view.setUint16(0x144, parseAcsFlags(fn.acs.capability ?? ''), true);
    view.setUint16(0x146, parseAcsFlags(fn.acs.control ?? ''), true);
  }
  return bytes;
};
