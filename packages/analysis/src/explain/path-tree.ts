import type { RunningMachine } from '@iommu/machine';
import { acsVerdict, formatBus, isPciDevice, type PciDevice } from '@iommu/pci';
import { wayUp } from '../way-up.js';
import { componentOf } from './components.js';
import type { ExplainedComponent } from './explain-report.js';

/** A function on the way from a root bus to a device. */
export interface PathNode {
  /** Whether it isolates, weighed also where grouping had no need to. */
  readonly component: ExplainedComponent;
  /** The id of its group; `null`: it has none, or the id depends on what the input does not hold. */
  readonly group: number | null;
  /** What is behind it, on the way to the devices asked for. */
  readonly behind: readonly PathNode[];
}

/** A root bus with the ways down from it. */
export interface PathTree {
  /** `0000:00` */
  readonly rootBus: string;
  /** The functions on that bus through which the devices are reached, in the order in which these were named. */
  readonly behind: readonly PathNode[];
}

const wayDown = (device: PciDevice): PciDevice[] => [...wayUp(device)].reverse();

const nodesOf = (running: RunningMachine, ways: readonly (readonly PciDevice[])[]): PathNode[] => {
  const heads = [...new Set(ways.flatMap(([first]) => first ?? []))];
  return heads.map((head) => {
    const group = running.iommu.groups.of(head);
    const rest = ways.filter(([first]) => first === head).map((way) => way.slice(1));
    return {
      component: componentOf(acsVerdict(head)),
      group: group && running.idIsKnown(group) ? group.id : null,
      behind: nodesOf(running, rest),
    };
  });
};

/** The ways from root buses down to some devices, as far as they are PCI functions; what they have in common once. */
export const pathTree = (running: RunningMachine, names: readonly string[]): PathTree[] => {
  const ways = names
    .map((name) => running.device(name))
    .filter(isPciDevice)
    .map(wayDown);
  const roots = new Map<string, PciDevice[][]>();
  for (const way of ways) {
    const [first] = way;
    if (!first) continue;
    const name = formatBus(first.segment, first.pciBus.number);
    roots.set(name, [...(roots.get(name) ?? []), way]);
  }
  return [...roots].map(([rootBus, below]) => ({ rootBus, behind: nodesOf(running, below) }));
};
