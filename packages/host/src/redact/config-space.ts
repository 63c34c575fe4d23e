const CAPABILITY_LIST_BIT = 0x10;
const CARDBUS = 2;
/** Vital Product Data: an address register and a data register, which still holds the last word that was read. */
const VPD = 0x03;
const VPD_DATA = 4;
const VPD_DATA_LENGTH = 4;
/** Device Serial Number: an EUI-64, which on a network card is its MAC address. */
const DEVICE_SERIAL_NUMBER = 0x0003;
const SERIAL_OFFSET = 4;
const SERIAL_LENGTH = 8;

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);

/** Offsets of the capabilities with an id below byte 256; a looping list ends after as many entries as there is room for. */
function* capabilities(config: Uint8Array, id: number): Generator<number> {
  if (!(u16(config, 0x06) & CAPABILITY_LIST_BIT)) return;
  const cardbus = ((config[0x0e] ?? 0) & 0x7f) === CARDBUS;
  let offset = (config[cardbus ? 0x14 : 0x34] ?? 0) & ~3;
  for (let left = 48; left > 0 && offset >= 0x40; left--) {
    if (config[offset] === id) yield offset;
    offset = (config[offset + 1] ?? 0) & ~3;
  }
}

/** As {@link capabilities}, above byte 256. */
function* extendedCapabilities(config: Uint8Array, id: number): Generator<number> {
  let offset = 0x100;
  for (let left = 480; left > 0 && offset >= 0x100 && offset + 4 <= config.length; left--) {
    const low = u16(config, offset);
    const high = u16(config, offset + 2);
    if ((low === 0 && high === 0) || (low === 0xffff && high === 0xffff)) return;
    if (low === id) yield offset;
    offset = (high >> 4) & ~3;
  }
}

/**
 * Configuration space without what tells one device from another of its kind: the number in the Device Serial Number
 * capability, and the data register of Vital Product Data. Of the same length.
 *
 * @see PCI Express Base Specification, Device Serial Number Extended Capability
 * @see PCI Local Bus Specification 3.0, appendix I (Vital Product Data)
 */
export const redactConfigSpace = (config: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(config);
  for (const at of capabilities(config, VPD)) copy.fill(0, at + VPD_DATA, at + VPD_DATA + VPD_DATA_LENGTH);
  for (const at of extendedCapabilities(config, DEVICE_SERIAL_NUMBER)) {
    copy.fill(0, at + SERIAL_OFFSET, at + SERIAL_OFFSET + SERIAL_LENGTH);
  }
  return copy;
};
