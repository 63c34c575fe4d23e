import type { PcieTypeName } from './express.js';

/** A register of ACS flags by name: `SV RR CR UF`, blanks between. */
export type AcsFlagList = string;

/**
 * One PCI function as plain data: what was read of it, and nothing else.
 *
 * For every member that is not there, the answer is unknown. `null` says that the place was read and holds no such
 * thing. Members given beside `config` win over what its bytes say.
 */
export interface PciFunction {
  /** `DDDD:BB:DD.F` */
  readonly address: string;
  /** The bridge above, `DDDD:BB:DD.F`; `null` on a root bus. Absent: found by bus numbers. */
  readonly parent?: string | null;
  /** Vendor and device id: `8086:29c0`; `8086:` where the device id is not known. */
  readonly id?: string;
  /** Subsystem vendor and device id: `1af4:1100`. */
  readonly subsystem?: string;
  /** Base class, subclass, programming interface: `060400`; the last may be left out. */
  readonly class?: string;
  /** `02` */
  readonly revision?: string;
  /** Configuration space, from byte 0 as far as it was read. */
  readonly config?: Uint8Array;
  /** How many bytes the function has, as the kernel sees it: 256 or 4096. */
  readonly configSize?: number;
  /** Layout of the header: 0 a device, 1 a bridge, 2 a CardBus bridge. */
  readonly headerType?: number;
  /** Bit 7 of the header type register. */
  readonly multifunction?: boolean;
  /** Type of the PCI Express capability; `null`: none, a conventional device. */
  readonly express?: PcieTypeName | null;
  /** The ACS capability; `null`: none. Its registers as read, each absent when it was not. */
  readonly acs?: { readonly capability?: AcsFlagList; readonly control?: AcsFlagList } | null;
  /**
   * The SR-IOV capability; `null`: none. How many virtual functions there can be, and where: their requester ids, counted
   * from the function's own.
   */
  readonly sriov?: {
    readonly totalVfs: number;
    /** To the first. */
    readonly offset: number;
    /** On to each next. */
    readonly stride: number;
    /** Device id of all of them: `10ca`. */
    readonly deviceId?: string;
  } | null;
  /** Of a bridge: the bus right behind it, 0 to 255. */
  readonly secondaryBus?: number;
  /** Of a bridge: the highest bus behind it, inclusive, 0 to 255. */
  readonly subordinateBus?: number;
  /** Of a virtual function: the physical function that it belongs to. */
  readonly physicalFunction?: string;
  /** Of a function in a segment of its own below an endpoint (VMD): that endpoint. */
  readonly segmentHost?: string;
  /** Below a port that firmware marks as reachable from outside. */
  readonly untrusted?: boolean;
  /** The bound kernel driver; `null`: none. */
  readonly driver?: string | null;
}
