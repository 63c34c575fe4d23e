import { parseAcsFlags } from './acs-flags.js';
import {
  CAPABILITY_PCI_EXPRESS,
  EXTENDED_CAPABILITY_ACS,
  EXTENDED_CAPABILITY_SRIOV,
  findCapability,
  findExtendedCapability,
} from './capabilities.js';
import { ConfigSpace } from './config-space.js';
import { PcieType } from './express.js';
import type { PciFunction } from './pci-function.js';

/**
 * An ACS capability as read.
 *
 * @see PCI Express Base Specification 5.0, 7.7.8.2 (ACS Capability), 7.7.8.3 (ACS Control)
 */
export interface AcsRegisters {
  /** `undefined`: the capability is there, and was not read. */
  readonly capability: number | undefined;
  /** Bits of `AcsFlag` as read; `undefined`: not read. */
  readonly control: number | undefined;
  /** Both registers as 32 bits each, as Sunrise Point root ports keep them: capability at +4, control at +8. */
  readonly dwords?: { readonly capability: number; readonly control: number | undefined };
}

/**
 * A single root I/O virtualization capability as read.
 *
 * @see Single Root I/O Virtualization and Sharing Specification 1.1, 3.3.6 (TotalVFs) to 3.3.11 (VF Device ID)
 */
export interface SriovRegisters {
  /** Where the capability starts in configuration space, in bytes; a capability that was stated has no place. */
  readonly at?: number;
  /** VF Enable: whether there are virtual functions; `false` in a capability that was stated, not read. */
  readonly enabled: boolean;
  /** How many virtual functions there can be: 16 bits. */
  readonly totalVfs: number;
  /** How many there are while `enabled` is set; 0 in a capability that was stated. */
  readonly numVfs: number;
  /** From the physical function's requester id to its first virtual function's: 16 bits. */
  readonly offset: number;
  /** From each virtual function's requester id to the next one's: 16 bits. */
  readonly stride: number;
  /** Of every virtual function. */
  readonly deviceId: number | undefined;
}

/** What is known of a function. In every member `undefined` is unknown, and `null` is known to be absent. */
export interface PciFacts {
  /** 16 bits. All ones, which is what the register of a virtual function holds, count as unknown. */
  readonly vendor: number | undefined;
  /** 16 bits: the id of the kind, not the device number on the bus. */
  readonly device: number | undefined;
  /** 24 bits: base class, subclass, programming interface. */
  readonly classCode: number | undefined;
  /** 8 bits: the stepping of a device id. */
  readonly revision: number | undefined;
  /** 16 bits; read from headers of type 0 alone, of others only known when stated. */
  readonly subsystemVendor: number | undefined;
  /** 16 bits; read from headers of type 0 alone, as `subsystemVendor`. */
  readonly subsystemDevice: number | undefined;
  /** Bits 6:0 of the register: 0 a device, 1 a bridge, 2 a CardBus bridge. */
  readonly headerType: number | undefined;
  /** Bit 7 of the header type register; what the kernel makes of it is `PciDevice.multifunction`. */
  readonly multifunction: boolean | undefined;
  /** A value of `PcieType` or a reserved one, 0 to 15, before the kernel's corrections; `null`: conventional PCI. */
  readonly express: number | null | undefined;
  /** `null`: no such capability. Bits are as read or stated; what the kernel makes of them is `acsStateOf()`. */
  readonly acs: AcsRegisters | null | undefined;
  /** `null`: no such capability, so no virtual functions of its own. */
  readonly sriov: SriovRegisters | null | undefined;
  /** Of a bridge, the bus right behind it: 0 to 255; `undefined` for what is no bridge. */
  readonly secondaryBus: number | undefined;
  /** Of a bridge, the highest bus behind it, inclusive: 0 to 255; `undefined` for what is no bridge. */
  readonly subordinateBus: number | undefined;
}

/** The only vendor with bridges that keep 32 bits. */
const INTEL = 0x8086;

const isIntelBridge = (config: ConfigSpace): boolean =>
  config.u16(0) === INTEL && ((config.u8(0x0e) ?? 0) & 0x7f) === 1;

const HEX = /^(?:0x)?[0-9a-f]+$/i;

const parseHex = (text: string | undefined): number | undefined =>
  text !== undefined && HEX.test(text) ? Number.parseInt(text, 16) : undefined;

/** Both halves of `8086:29c0`; either may be left out. */
const parsePair = (text: string | undefined): readonly [number | undefined, number | undefined] => {
  if (text === undefined) return [undefined, undefined];
  const colon = text.indexOf(':');
  return colon < 0 ? [parseHex(text), undefined] : [parseHex(text.slice(0, colon)), parseHex(text.slice(colon + 1))];
};

/** A class of four digits says nothing of the programming interface, which then counts as 0. */
const parseClass = (text: string | undefined): number | undefined => {
  const value = parseHex(text);
  return value !== undefined && text?.replace(/^0x/i, '').length === 4 ? value << 8 : value;
};

const readExpress = (config: ConfigSpace): number | null | undefined => {
  const offset = findCapability(config, CAPABILITY_PCI_EXPRESS);
  if (typeof offset !== 'number') return offset;
  const flags = config.u16(offset + 2);
  return flags === undefined ? undefined : (flags >> 4) & 0xf;
};

const readAcs = (config: ConfigSpace, express: boolean): AcsRegisters | null | undefined => {
  const offset = findExtendedCapability(config, EXTENDED_CAPABILITY_ACS, express);
  if (typeof offset !== 'number') return offset;
  const capability = config.u16(offset + 4);
  if (capability === undefined) return undefined;
  const control = config.u16(offset + 6);
  const wide = isIntelBridge(config) ? config.u32(offset + 4) : undefined;
  if (wide === undefined) return { capability, control };
  return { capability, control, dwords: { capability: wide, control: config.u32(offset + 8) } };
};

const readSriov = (config: ConfigSpace, express: boolean): SriovRegisters | null | undefined => {
  const offset = findExtendedCapability(config, EXTENDED_CAPABILITY_SRIOV, express);
  if (typeof offset !== 'number') return offset;
  const deviceId = config.u16(offset + 0x1a);
  if (deviceId === undefined) return undefined;
  // The last of the registers was read: so were those before it.
  const register = (at: number) => config.u16(offset + at) as number;
  return {
    at: offset,
    enabled: (register(0x08) & 1) === 1,
    totalVfs: register(0x0e),
    numVfs: register(0x10),
    offset: register(0x14),
    stride: register(0x16),
    deviceId,
  };
};

/** A register of all ones is a function that did not answer: nothing is known then. */
const answered = (value: number | undefined, ones: number): number | undefined => (value === ones ? undefined : value);

const NONE: PciFacts = {
  vendor: undefined,
  device: undefined,
  classCode: undefined,
  revision: undefined,
  subsystemVendor: undefined,
  subsystemDevice: undefined,
  headerType: undefined,
  multifunction: undefined,
  express: undefined,
  acs: undefined,
  sriov: undefined,
  secondaryBus: undefined,
  subordinateBus: undefined,
};

/**
 * What the bytes of a configuration space say.
 *
 * @see PCI Local Bus Specification 3.0, chapter 6 (the predefined header)
 */
export const readConfigFacts = (config: ConfigSpace): PciFacts => {
  const header = answered(config.u8(0x0e), 0xff);
  if (header === undefined) return NONE;
  const headerType = header & 0x7f;
  const express = readExpress(config);
  // Where it is not known, there may be an extended list.
  const mayBeExpress = express !== null;
  // Before the header type: it was read as well.
  const classAndRevision = config.u32(0x08) as number;
  const isBridge = headerType === 1 || headerType === 2;
  return {
    vendor: answered(config.u16(0x00), 0xffff),
    device: answered(config.u16(0x02), 0xffff),
    classCode: classAndRevision >>> 8,
    revision: classAndRevision & 0xff,
    subsystemVendor: headerType === 0 ? answered(config.u16(0x2c), 0xffff) : undefined,
    subsystemDevice: headerType === 0 ? answered(config.u16(0x2e), 0xffff) : undefined,
    headerType,
    multifunction: (header & 0x80) !== 0,
    express,
    acs: readAcs(config, mayBeExpress),
    sriov: readSriov(config, mayBeExpress),
    secondaryBus: isBridge ? config.u8(0x19) : undefined,
    subordinateBus: isBridge ? config.u8(0x1a) : undefined,
  };
};

/** What was stated of a capability, which `null` says is not there; or else what was read. */
const stated = <T, R>(value: T | null | undefined, registers: (value: T) => R, read: R | null | undefined) => {
  if (value === undefined) return read;
  return value === null ? null : registers(value);
};

/** What a description says, from its bytes and from what it states beside them, which wins. */
export const factsOf = (description: PciFunction): PciFacts => {
  const { config, configSize, express, acs, sriov } = description;
  const read = config ? readConfigFacts(new ConfigSpace(config, configSize)) : NONE;
  if (isBare(description)) return read;
  const [vendor, device] = parsePair(description.id);
  const [subsystemVendor, subsystemDevice] = parsePair(description.subsystem);
  return {
    vendor: vendor ?? read.vendor,
    device: device ?? read.device,
    classCode: parseClass(description.class) ?? read.classCode,
    revision: parseHex(description.revision) ?? read.revision,
    subsystemVendor: subsystemVendor ?? read.subsystemVendor,
    subsystemDevice: subsystemDevice ?? read.subsystemDevice,
    headerType: description.headerType ?? read.headerType,
    multifunction: description.multifunction ?? read.multifunction,
    express: express === undefined ? read.express : express && PcieType[express],
    acs: stated(acs, statedAcs, read.acs),
    sriov: stated(sriov, statedSriov, read.sriov),
    secondaryBus: description.secondaryBus ?? read.secondaryBus,
    subordinateBus: description.subordinateBus ?? read.subordinateBus,
  };
};

const statedAcs = (acs: NonNullable<PciFunction['acs']>): AcsRegisters => ({
  capability: acs.capability === undefined ? undefined : parseAcsFlags(acs.capability),
  control: acs.control === undefined ? undefined : parseAcsFlags(acs.control),
});

const statedSriov = ({ deviceId, ...places }: NonNullable<PciFunction['sriov']>): SriovRegisters => ({
  ...places,
  enabled: false,
  numVfs: 0,
  deviceId: parseHex(deviceId),
});

/** Nothing stated beside the bytes: the common case of a large dump, and the fast one. */
const isBare = (description: PciFunction): boolean =>
  description.id === undefined &&
  description.class === undefined &&
  description.subsystem === undefined &&
  description.revision === undefined &&
  description.headerType === undefined &&
  description.multifunction === undefined &&
  description.express === undefined &&
  description.acs === undefined &&
  description.sriov === undefined &&
  description.secondaryBus === undefined &&
  description.subordinateBus === undefined;
