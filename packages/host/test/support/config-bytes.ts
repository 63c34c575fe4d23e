/** What a configuration space is to say. */
export interface ConfigSketch {
  readonly vendor?: number;
  readonly device?: number;
  readonly classCode?: number;
  readonly headerType?: number;
  readonly bus?: readonly [primary: number, secondary: number, subordinate: number];
  /** Type of the PCI Express capability; absent: no such capability. */
  readonly express?: number;
  readonly acs?: readonly [capability: number, control: number];
  readonly sriov?: { readonly numVfs: number; readonly offset: number; readonly stride: number };
  /** How many bytes there are; default 4096. */
  readonly size?: number;
}

/** A configuration space with a PCI Express capability at 0x40, ACS at 0x100 and SR-IOV at 0x140. */
export const configBytes = (sketch: ConfigSketch = {}): Uint8Array => {
  const { vendor = 0xf00d, device = 0x0110, classCode = 0x020000, headerType = 0, size = 4096 } = sketch;
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  view.setUint16(0x00, vendor, true);
  view.setUint16(0x02, device, true);
  view.setUint32(0x08, (classCode << 8) | 0x03, true);
  bytes[0x0e] = headerType;
  if (sketch.bus) bytes.set(sketch.bus, 0x18);
  if (sketch.express !== undefined) {
    view.setUint16(0x06, 0x10, true);
    bytes[0x34] = 0x40;
    bytes[0x40] = 0x10;
    view.setUint16(0x42, (sketch.express << 4) | 2, true);
  }
  if (sketch.acs) {
    view.setUint32(0x100, 0x0001_000d | (sketch.sriov ? 0x140 << 20 : 0), true);
    view.setUint16(0x104, sketch.acs[0], true);
    view.setUint16(0x106, sketch.acs[1], true);
  }
  if (sketch.sriov) {
    view.setUint32(0x140, 0x0001_0010, true);
    view.setUint16(0x148, 1, true);
    view.setUint16(0x150, sketch.sriov.numVfs, true);
    view.setUint16(0x154, sketch.sriov.offset, true);
    view.setUint16(0x156, sketch.sriov.stride, true);
  }
  return bytes.subarray(0, size);
};

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** Rows of sixteen bytes as lspci prints them. */
export const hexRows = (bytes: Uint8Array): string => {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    rows.push(`${hex(at, 2)}: ${[...bytes.subarray(at, at + 16)].map((byte) => hex(byte, 2)).join(' ')}\n`);
  }
  return rows.join('');
};
