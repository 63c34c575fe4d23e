import type { AcsFlagList, PcieTypeName } from '@iommu/pci';

/*
 * PCI hardware as one draws it: what is plugged into what. `layOut()` gives it addresses and bus numbers, as firmware
 * would.
 */

/** The ACS of a function: all that isolation needs, none, or the flags of both registers. */
export type AcsSketch = boolean | { readonly capability: AcsFlagList; readonly control?: AcsFlagList };

/** What every function may say of itself. */
export interface FunctionOptions {
  /** Vendor and device id: `10de:2684`. */
  readonly id?: string;
  /** `030000` */
  readonly class?: string;
  /** Two hexadecimal digits: `02`. Absent: unknown. */
  readonly revision?: string;
  /** The bound kernel driver: `nvme`; `null`: none; absent: unknown. */
  readonly driver?: string | null;
  /** `true`: everything that isolation needs, set. Default: no ACS capability. */
  readonly acs?: AcsSketch;
  /** For people. */
  readonly label?: string;
}

/** What a function may say of itself and of its place; of several that {@link multifunction} joins, the first has the place. */
export interface PlacedOptions extends FunctionOptions {
  /** Device number on its bus; default: the next that is free. */
  readonly slot?: number;
}

/** One function with what is behind it. */
export interface FunctionSketch extends FunctionOptions {
  /** `null`: conventional PCI. */
  readonly express: PcieTypeName | null;
  /** A header of type 1 and a bus of its own for `behind`; else type 0, and `behind` is not looked at. */
  readonly isBridge: boolean;
  /** What the bus behind a bridge holds. */
  readonly behind: readonly DeviceSketch[];
  /** Absent: nothing is said of SR-IOV. */
  readonly vfs?: VirtualFunctions;
}

/** Virtual functions of a physical one. */
export interface VirtualFunctions {
  /** How many are switched on. */
  readonly count: number;
  /** How many there can be; default: no more than are on. */
  readonly total?: number;
  /** From the physical function's requester id to the first one's; default 128. */
  readonly offset?: number;
  /** From each one's requester id to the next one's; default 1. */
  readonly stride?: number;
  /** Vendor and device id of each: `8086:10ca`; the SR-IOV capability names the device id too. Absent: unknown. */
  readonly id?: string;
  /** Bound to each of them: `igbvf`; `null`: none; absent: unknown. */
  readonly driver?: string | null;
}

/** Something that sits in one slot: one function, or up to eight. */
export interface DeviceSketch {
  /** Device number, 0 to 31; `undefined`: the next that no device of the bus asks for. */
  readonly slot: number | undefined;
  /** By function number, from 0 on; where there is more than one, each is marked multifunction. */
  readonly functions: readonly FunctionSketch[];
}

const single = (
  { slot, ...options }: PlacedOptions,
  rest: Omit<FunctionSketch, keyof FunctionOptions>,
): DeviceSketch => ({
  slot,
  functions: [{ ...options, ...rest }],
});

const leaf = (options: PlacedOptions, express: PcieTypeName | null): DeviceSketch =>
  single(options, { express, isBridge: false, behind: [] });

const bridge = (options: PlacedOptions, express: PcieTypeName | null, behind: readonly DeviceSketch[]): DeviceSketch =>
  single({ class: '060400', ...options }, { express, isBridge: true, behind });

/** A PCI Express endpoint; with `vfs`, also its virtual functions. */
export const endpoint = ({
  vfs,
  ...options
}: PlacedOptions & { readonly vfs?: VirtualFunctions } = {}): DeviceSketch => {
  const device = leaf(options, 'endpoint');
  return vfs ? { ...device, functions: device.functions.map((fn) => ({ ...fn, vfs })) } : device;
};

/** A device built into the root complex that speaks PCI Express. */
export const integratedEndpoint = (options: PlacedOptions = {}): DeviceSketch => leaf(options, 'rc-endpoint');

/** A device without the PCI Express capability. */
export const conventionalDevice = (options: PlacedOptions = {}): DeviceSketch => leaf(options, null);

/** A root port, with what is plugged into it. */
export const rootPort = (options: PlacedOptions = {}, behind: readonly DeviceSketch[] = []): DeviceSketch =>
  bridge(options, 'root-port', behind);

/** A port of a switch, with what is plugged into it. */
export const downstreamPort = (options: PlacedOptions = {}, behind: readonly DeviceSketch[] = []): DeviceSketch =>
  bridge(options, 'downstream-port', behind);

/** A switch: its upstream port, and its downstream ports below. */
export const pcieSwitch = (options: PlacedOptions = {}, ports: readonly DeviceSketch[] = []): DeviceSketch =>
  bridge(options, 'upstream-port', ports);

/** A bridge from PCI Express to conventional PCI. */
export const pcieToPciBridge = (options: PlacedOptions = {}, behind: readonly DeviceSketch[] = []): DeviceSketch =>
  bridge(options, 'pcie-to-pci-bridge', behind);

/** A bridge between two conventional buses. */
export const pciBridge = (options: PlacedOptions = {}, behind: readonly DeviceSketch[] = []): DeviceSketch =>
  bridge(options, null, behind);

/** Put devices into one slot as its functions 0, 1, 2 and so on. */
export const multifunction = (...devices: readonly DeviceSketch[]): DeviceSketch => ({
  slot: devices[0]?.slot,
  functions: devices.flatMap(({ functions }) => functions),
});
