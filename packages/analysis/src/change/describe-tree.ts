import type { MachinePciFunction } from '@iommu/machine';
import { formatPciAddress } from '@iommu/pci';
import { withBusNumbers } from './config-bytes.js';
import { type FunctionNode, functionsBelow, type PciTree, spelled, type VirtualNode } from './pci-tree.js';

/** Functions as they are described now, and what became of addresses. */
export interface DescribedTree {
  readonly functions: readonly MachinePciFunction[];
  /** From the address before to the one now, of everything that is still there. */
  readonly addresses: ReadonlyMap<string, string>;
}

interface Described {
  readonly was: string | undefined;
  readonly description: MachinePciFunction;
}

/** A description with members that are said already left as they are, so that nothing changes that need not. */
const withMembers = (description: MachinePciFunction, members: Partial<MachinePciFunction>): MachinePciFunction => {
  const entries = Object.entries(members) as [keyof MachinePciFunction, unknown][];
  return entries.every(([name, value]) => description[name] === value) ? description : { ...description, ...members };
};

/** The bridge above as a description states it: only where one was stated, or where the function came here just now. */
const parentMember = (
  { description, was }: FunctionNode | VirtualNode,
  parent: string | null,
  isMoved: boolean,
): Partial<MachinePciFunction> => (description.parent !== undefined || was === undefined || isMoved ? { parent } : {});

class Describer {
  readonly described: Described[] = [];
  readonly #addresses: ReadonlyMap<FunctionNode, string>;

  constructor(addresses: ReadonlyMap<FunctionNode, string>) {
    this.#addresses = addresses;
  }

  describe(node: FunctionNode): void {
    const { on, behind, was, devfn, virtual } = node;
    const parent = on.self
      ? (this.#addresses.get(on.self) ?? null)
      : on.isLoose
        ? (node.description.parent ?? null)
        : null;
    const address = this.#addresses.get(node) ?? '';
    const isMoved = was !== undefined && was !== address;
    const place = { address: keep(node, address), ...parentMember(node, parent, isMoved && !on.isLoose) };
    const placed = withMembers(node.description, place);
    const description = behind ? withBusNumbers(placed, on.number, behind.number, behind.last) : placed;
    this.described.push({ was, description });
    const rid = on.number * 256 + devfn;
    for (const one of virtual) {
      const own = formatPciAddress({ segment: on.segment, rid: rid + one.offset });
      const members = { address: keep(one, own), physicalFunction: address, ...parentMember(one, parent, false) };
      const stated = one.description.physicalFunction;
      if (stated !== undefined && spelled(stated) === address) members.physicalFunction = stated;
      this.described.push({ was: one.was, description: withMembers(one.description, members) });
    }
  }
}

/** An address as it was spelled, where it is still the same. */
const keep = ({ description }: FunctionNode | VirtualNode, address: string): string =>
  spelled(description.address) === address ? description.address : address;

/** Write down what a tree with numbered buses holds. @param before - The functions before, whose order is kept. */
export const describeTree = ({ roots }: PciTree, before: readonly MachinePciFunction[]): DescribedTree => {
  const nodes = roots.flatMap(functionsBelow);
  const own = new Map(
    nodes.map((node) => [node, formatPciAddress({ segment: node.on.segment, rid: node.on.number * 256 + node.devfn })]),
  );
  const describer = new Describer(own);
  for (const node of nodes) describer.describe(node);
  const addresses = new Map(
    describer.described.flatMap(({ was, description }) =>
      was === undefined ? [] : [[was, spelled(description.address)] as const],
    ),
  );
  const byOld = new Map(describer.described.flatMap((one) => (one.was === undefined ? [] : [[one.was, one] as const])));
  const kept = before.flatMap(({ address }) => byOld.get(spelled(address))?.description ?? []);
  const fresh = describer.described.flatMap(({ was, description }) => (was === undefined ? [description] : []));
  const functions = [...kept, ...fresh].map((one) => withHost(one, addresses));
  return { functions, addresses };
};

/** The endpoint that hosts a segment may have moved. */
const withHost = (description: MachinePciFunction, addresses: ReadonlyMap<string, string>): MachinePciFunction => {
  const { segmentHost } = description;
  const now = segmentHost === undefined ? undefined : addresses.get(spelled(segmentHost));
  return now === undefined || spelled(segmentHost ?? '') === now ? description : { ...description, segmentHost: now };
};
