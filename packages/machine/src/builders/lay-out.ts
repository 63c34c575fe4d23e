import { IommuError } from '@iommu/core';
import { type AcsFlagList, formatAcsFlags, formatPciAddress, REQUIRED_ACS_FLAGS } from '@iommu/pci';
import type { MachinePci, MachinePciFunction } from '../machine.js';
import type { AcsSketch, DeviceSketch, FunctionSketch } from './sketch.js';

/** A root bus and what sits on it. */
export interface RootBus {
  /** Default 0. */
  readonly segment?: number;
  /** Default 0. */
  readonly bus?: number;
  /** Those without a slot of their own get one in this order. */
  readonly devices: readonly DeviceSketch[];
}

const REQUIRED: AcsFlagList = formatAcsFlags(REQUIRED_ACS_FLAGS);

const acsOf = (acs: AcsSketch | undefined): Exclude<MachinePciFunction['acs'], undefined> => {
  if (acs === undefined || acs === false) return null;
  return acs === true ? { capability: REQUIRED, control: REQUIRED } : acs;
};

const tooMany = (what: string, where: string): IommuError =>
  new IommuError('ERR_MACHINE', `${what} on ${where}: there is no room for more`);

/** Gives out addresses on one root bus and all below it. */
class Layout {
  readonly functions: MachinePciFunction[] = [];
  readonly #virtual: MachinePciFunction[] = [];
  readonly #segment: number;
  #lastBus: number;

  constructor(segment: number, bus: number) {
    this.#segment = segment;
    this.#lastBus = bus;
  }

  /** Slots first, then what is behind each bridge, as a scan goes. */
  placeBus(bus: number, devices: readonly DeviceSketch[], parent: string | null): void {
    const taken = new Set(devices.map(({ slot }) => slot).filter((slot) => slot !== undefined));
    let next = 0;
    for (const { slot, functions } of devices) {
      while (slot === undefined && taken.has(next)) next++;
      const device = slot ?? next++;
      if (device > 31) throw tooMany('a 33rd device', `bus ${bus}`);
      if (functions.length > 8) throw tooMany('a ninth function', `device ${device} of bus ${bus}`);
      functions.forEach((fn, number) => {
        this.#place(fn, (bus << 8) | (device << 3) | number, functions.length > 1, parent);
      });
    }
  }

  #address(rid: number): string {
    return formatPciAddress({ segment: this.#segment, rid });
  }

  #place(fn: FunctionSketch, rid: number, multifunction: boolean, parent: string | null): void {
    const { express, isBridge, behind, vfs, acs, ...stated } = fn;
    const address = this.#address(rid);
    const at = this.functions.length;
    const { count = 0, total = count, offset = 128, stride = 1, ...virtual } = vfs ?? {};
    const base: MachinePciFunction = { address, parent, ...stated, express, acs: acsOf(acs), multifunction };
    const deviceId = vfs?.id?.split(':')[1];
    const sriov = vfs && { totalVfs: total, offset, stride, ...(deviceId && { deviceId }) };
    this.functions.push({ ...base, ...(sriov && { sriov }), headerType: isBridge ? 1 : 0 });
    if (isBridge) {
      const secondaryBus = ++this.#lastBus;
      if (secondaryBus > 0xff) throw tooMany('a bridge', 'the last bus, 0xff');
      this.placeBus(secondaryBus, behind, address);
      this.functions[at] = { ...base, headerType: 1, secondaryBus, subordinateBus: this.#lastBus };
    }
    for (let n = 0; n < count; n++) {
      const virtualRid = rid + offset + n * stride;
      if (virtualRid > 0xffff) throw tooMany('a virtual function', address);
      this.#lastBus = Math.max(this.#lastBus, virtualRid >> 8);
      this.#virtual.push({
        address: this.#address(virtualRid),
        parent,
        class: stated.class ?? '020000',
        ...virtual,
        express,
        acs: null,
        headerType: 0,
        multifunction: false,
        physicalFunction: address,
      });
    }
  }

  all(): MachinePciFunction[] {
    return [...this.functions, ...this.#virtual];
  }
}

/**
 * Give a drawing addresses and bus numbers as firmware would: buses are numbered depth first as bridges are met, virtual
 * functions come last.
 *
 * @returns The `pci` part of a machine; ACS is as set in the drawing, so it counts as read after boot.
 * @throws IommuError `ERR_MACHINE` for more devices, functions or buses than PCI has numbers for.
 */
export const layOut = (roots: readonly RootBus[]): MachinePci => {
  const functions = roots.flatMap(({ segment = 0, bus = 0, devices }) => {
    const layout = new Layout(segment, bus);
    layout.placeBus(bus, devices, null);
    return layout.all();
  });
  return { functions, acsRead: 'after-boot' };
};
