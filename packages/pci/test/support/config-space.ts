/** One capability of a list, with the bytes that follow its header. */
export interface CapabilitySketch {
  readonly at: number;
  readonly id: number;
  readonly body?: readonly number[];
  /** Where the next one is; default: the one after it in the sketch, or the end. */
  readonly next?: number;
}

/** A configuration space in words; what is left out is zero. */
export interface ConfigSketch {
  readonly length?: number;
  readonly vendor?: number;
  readonly device?: number;
  readonly subsystemVendor?: number;
  readonly subsystemDevice?: number;
  /** 24 bits. */
  readonly class?: number;
  readonly revision?: number;
  readonly headerType?: number;
  readonly multifunction?: boolean;
  readonly secondaryBus?: number;
  readonly subordinateBus?: number;
  readonly capabilities?: readonly CapabilitySketch[];
  /** The first must be at 0x100. */
  readonly extended?: readonly CapabilitySketch[];
}

const CARDBUS = 2;

/** The bytes of a configuration space, by default all 4096. */
export const configBytes = (sketch: ConfigSketch = {}): Uint8Array => {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  const { vendor = 0x1234, device = 0x0001, headerType = 0, capabilities = [], extended = [] } = sketch;
  view.setUint16(0x00, vendor, true);
  view.setUint16(0x02, device, true);
  view.setUint32(0x08, (((sketch.class ?? 0) << 8) | (sketch.revision ?? 0)) >>> 0, true);
  bytes[0x0e] = headerType | (sketch.multifunction ? 0x80 : 0);
  if (headerType === 0) {
    view.setUint16(0x2c, sketch.subsystemVendor ?? 0, true);
    view.setUint16(0x2e, sketch.subsystemDevice ?? 0, true);
  } else {
    bytes[0x19] = sketch.secondaryBus ?? 0;
    bytes[0x1a] = sketch.subordinateBus ?? 0;
  }
  const [first] = capabilities;
  if (first) {
    view.setUint16(0x06, 0x10, true);
    bytes[headerType === CARDBUS ? 0x14 : 0x34] = first.at;
  }
  capabilities.forEach(({ at, id, body = [], next }, index) => {
    bytes.set([id, next ?? capabilities[index + 1]?.at ?? 0, ...body], at);
  });
  extended.forEach(({ at, id, body = [], next }, index) => {
    view.setUint32(at, (id | (1 << 16) | ((next ?? extended[index + 1]?.at ?? 0) << 20)) >>> 0, true);
    bytes.set(body, at + 4);
  });
  return bytes.subarray(0, sketch.length ?? 4096);
};

/** The PCI Express capability of a type. */
export const expressCapability = (type: number, at = 0x40): CapabilitySketch => ({
  at,
  id: 0x10,
  body: [type << 4, 0],
});

/** The ACS capability: both registers as the words that they usually are. */
export const acsCapability = (capability: number, control: number, at = 0x100): CapabilitySketch => ({
  at,
  id: 0x0d,
  body: [capability, 0, control, 0],
});

/** The ACS capability of a Sunrise Point root port: both registers as double words. */
export const wideAcsCapability = (capability: number, control: number, at = 0x100): CapabilitySketch => ({
  at,
  id: 0x0d,
  body: [capability, 0, 0, 0, control, 0, 0, 0],
});

export const PCI_EXPRESS_ID = 0x10;
export const ACS_ID = 0x0d;
export const SRIOV_ID = 0x10;
