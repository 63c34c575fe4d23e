import { type Machine, type MachinePciFunction, pciFunction, resolveKernel } from '@iommu/machine';
import { formatBus, formatPciAddress, type PciBus, type PciDevice, PciTopology, tryParsePciAddress } from '@iommu/pci';

/** A virtual function, by its distance from the physical one. */
export interface VirtualNode {
  readonly description: MachinePciFunction;
  /** Its address before; `undefined`: it was put in. */
  readonly was: string | undefined;
  /** From the physical function's requester id to its own. */
  readonly offset: number;
}

/** A function of a machine that is being changed, with what hangs on it. */
export interface FunctionNode {
  description: MachinePciFunction;
  readonly was: string | undefined;
  /** Type of the PCI Express capability; `null` none; `undefined` unknown. */
  readonly express: number | null | undefined;
  readonly isBridge: boolean;
  /** Device number in bits 7:3, function number in 2:0. */
  devfn: number;
  on: BusNode;
  behind: BusNode | undefined;
  virtual: readonly VirtualNode[];
}

/** A bus of such a machine. */
export interface BusNode {
  readonly segment: number;
  /** Its number before; of a bus that was put in, whatever it was drawn with. */
  readonly was: number;
  readonly self: FunctionNode | undefined;
  /** Nothing says which bridge leads here. */
  readonly isLoose: boolean;
  functions: FunctionNode[];
  /** Numbers that firmware left out before it. */
  gap: number;
  /** How many numbers firmware keeps for it and all below, when it keeps more than are in use; else 0. */
  reserve: number;
  /** Whether the buses below ascend with the places of their bridges. */
  inOrder: boolean;
  /** As it is now, once buses are numbered; the last is the highest below it. */
  number: number;
  last: number;
}

/** What is plugged into what, to be taken apart and put together anew. */
export interface PciTree {
  /** Buses to which no bridge is known to lead. */
  readonly roots: readonly BusNode[];
  /** By the address before. */
  readonly functions: ReadonlyMap<string, FunctionNode>;
}

const known = new WeakMap<Machine, PciTopology>();

/** The functions of a machine on their buses, as its kernel finds them; nothing on them is to be judged or changed. */
export const topologyOf = (machine: Machine): PciTopology => {
  const topology = known.get(machine) ?? orderedTopology(machine, machine.pci?.order);
  known.set(machine, topology);
  return topology;
};

/** The same, found in another order than the machine says. */
export const orderedTopology = (machine: Machine, order: readonly string[] | undefined): PciTopology => {
  const { functions = [], rootBuses } = machine.pci ?? {};
  return PciTopology.build(
    functions.map(pciFunction),
    {
      kernel: resolveKernel(machine.kernel),
      unknown: 'pessimistic',
      acsRead: 'unknown',
      acsRequested: false,
      ivrs: machine.firmware?.acpi?.['IVRS'] !== undefined,
    },
    { ...(rootBuses && { rootBuses }), ...(order && { order }) },
  );
};

/** An address as the machine's own are spelled; text that is none comes back as it is. */
export const spelled = (address: string): string => {
  const parsed = tryParsePciAddress(address);
  return parsed ? formatPciAddress(parsed) : address;
};

/** `0000:40`, from `40` or `0:40`; `undefined` when the text names no bus. */
export const spelledBus = (text: string): string | undefined => {
  const [, segment = '0', number] = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2})$/i.exec(text) ?? [];
  return number === undefined ? undefined : formatBus(Number.parseInt(segment, 16), Number.parseInt(number, 16));
};

/** Takes a topology apart. */
class TreeBuilder {
  readonly functions = new Map<string, FunctionNode>();
  readonly #buses = new Map<PciBus, BusNode>();
  readonly #described: ReadonlyMap<string, MachinePciFunction>;
  readonly #isNew: boolean;

  constructor(descriptions: readonly MachinePciFunction[], isNew: boolean) {
    this.#described = new Map(descriptions.map((one) => [spelled(one.address), one]));
    this.#isNew = isNew;
  }

  /** What a function hangs on must have been placed before. */
  place(device: PciDevice): void {
    const description = this.#described.get(device.name);
    if (!description) return;
    const was = this.#isNew ? undefined : device.name;
    const { physicalFunction, express, isBridge, devfn } = device;
    const physical = physicalFunction && this.functions.get(physicalFunction.name);
    if (physical && physicalFunction) {
      physical.virtual = [...physical.virtual, { description, was, offset: device.rid - physicalFunction.rid }];
      return;
    }
    const on = this.#bus(device.pciBus);
    const node: FunctionNode = { description, was, express, isBridge, devfn, on, behind: undefined, virtual: [] };
    if (device.subordinate) node.behind = this.#bus(device.subordinate, node, device.facts.subordinateBus);
    on.functions.push(node);
    this.functions.set(device.name, node);
  }

  #bus(bus: PciBus, self?: FunctionNode, last = bus.number): BusNode {
    const known = this.#buses.get(bus);
    if (known) return known;
    const { segment, number, parent, parentUnknown } = bus;
    const isLoose = !self && (parent !== undefined || parentUnknown);
    const own = { segment, was: number, number, last: Math.max(number, last), self, isLoose };
    const node: BusNode = { ...own, functions: [], gap: 0, reserve: 0, inOrder: true };
    this.#buses.set(bus, node);
    return node;
  }

  finish(): PciTree {
    const roots = [...this.#buses.values()].filter(({ self }) => !self);
    for (const root of roots) measure(root);
    return { roots, functions: this.functions };
  }
}

/** The highest bus that virtual functions of a bus reach when it has this number. */
export const lastVirtual = ({ functions }: BusNode, number: number): number =>
  Math.max(
    number,
    ...functions.flatMap(({ devfn, virtual }) => virtual.map(({ offset }) => (number * 256 + devfn + offset) >> 8)),
  );

/** Note how firmware numbered what is below a bus, so that it can be numbered alike. */
const measure = (bus: BusNode): void => {
  const bridges = bus.functions
    .flatMap(({ devfn, behind }) => (behind ? [{ devfn, behind }] : []))
    .sort((a, b) => a.behind.was - b.behind.was);
  let used = lastVirtual(bus, bus.was);
  for (const { behind } of bridges) {
    measure(behind);
    behind.gap = Math.max(0, behind.was - used - 1);
    used = Math.max(used, behind.last);
  }
  bus.inOrder = bridges.every(({ devfn }, at) => at === 0 || (bridges[at - 1]?.devfn ?? 0) < devfn);
  bus.reserve = bus.self && bus.last > used ? bus.last - bus.was + 1 : 0;
};

/** @param isNew - The functions come from a drawing: they have no addresses of before. */
const treeFrom = (topology: PciTopology, descriptions: readonly MachinePciFunction[], isNew: boolean): PciTree => {
  const builder = new TreeBuilder(descriptions, isNew);
  for (const device of topology.devices) builder.place(device);
  return builder.finish();
};

/** A machine's functions, to be moved about. */
export const treeOf = (machine: Machine, topology: PciTopology): PciTree =>
  treeFrom(topology, machine.pci?.functions ?? [], false);

/** What a drawing brings onto one bus. */
export const drawnFunctions = (functions: readonly MachinePciFunction[]): readonly FunctionNode[] => {
  const topology = topologyOf({ schema: 1, pci: { functions } });
  return treeFrom(topology, functions, true).roots.flatMap((bus) => bus.functions);
};

/** The functions on a bus and on all below it, from above. */
export const functionsBelow = (bus: BusNode): FunctionNode[] =>
  bus.functions.flatMap((one) => [one, ...(one.behind ? functionsBelow(one.behind) : [])]);
