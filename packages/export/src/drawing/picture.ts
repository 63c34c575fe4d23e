import { acsText, type PathNode, pathTree } from '@iommu/analysis';
import type { Device, Group } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice } from '@iommu/pci';
import { type Describe, isSupposed } from '../device-record.js';

/** A device of a picture, with what is behind it. */
export interface PictureNode {
  /** Unique in the picture. */
  readonly name: string;
  /** `group 3`, `group ?` for a number that is not known, `no group`; with `, a guess` where facts are missing. */
  readonly groupText: string;
  /** Place of its group in {@link Picture.groups}; `undefined`: it has none. */
  readonly group: number | undefined;
  /** What it is. */
  readonly about: string | undefined;
  /** Of a bridge: its kind, the state of ACS, and whether it isolates. */
  readonly state: string | undefined;
  readonly behind: readonly PictureNode[];
}

/** A bus at the top: a root bus, or one without bridges. */
export interface PictureRoot {
  /** `root bus 0000:00`, `platform bus` */
  readonly name: string;
  readonly behind: readonly PictureNode[];
}

interface PictureGroup {
  /** `IOMMU group 3` */
  readonly name: string;
  /** More than one device is in it. */
  readonly isShared: boolean;
  readonly devices: readonly string[];
}

/** What is drawn of a machine: buses, bridges and devices as a forest, and the groups over it. */
export interface Picture {
  readonly title: string;
  /** In one sentence, for those who do not see it. */
  readonly summary: string;
  readonly roots: readonly PictureRoot[];
  /** By ascending number. */
  readonly groups: readonly PictureGroup[];
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** Groups of a running machine by number, each with its place. */
const orderOf = ({ iommu }: RunningMachine): ReadonlyMap<Group, number> =>
  new Map([...iommu.groups].sort((a, b) => a.id - b.id).map((group, place) => [group, place]));

const idText = (running: RunningMachine, group: Group): string => (running.idIsKnown(group) ? `${group.id}` : '?');

const groupText = (running: RunningMachine, device: Device): string => {
  const group = running.iommu.groups.of(device);
  const guess = isSupposed(running, device) ? ', a guess' : '';
  return group ? `group ${idText(running, group)}${guess}` : `no group${guess}`;
};

const isolation = ({ basis, isolates }: PathNode['component']): string => {
  if (basis === 'unknown') return 'not known whether it isolates';
  return isolates ? 'isolates' : 'does not isolate';
};

const stateOf = ({ component }: PathNode): string =>
  `${component.kind}, ${acsText(component)}, ${isolation(component)}`;

/**
 * @param running - Booted pessimistically.
 * @param describe - What to call a device; default: nothing.
 */
export const pictureOf = (running: RunningMachine, describe: Describe = () => undefined): Picture => {
  const order = orderOf(running);
  const pictured = (device: Device) => {
    const group = running.iommu.groups.of(device);
    return { name: device.name, groupText: groupText(running, device), group: group && order.get(group) };
  };
  const nodeOf = (node: PathNode): PictureNode => {
    const device = running.device(node.component.device);
    return {
      ...pictured(device),
      about: isPciDevice(device) ? describe(device) : undefined,
      state: isPciDevice(device) && device.isBridge ? stateOf(node) : undefined,
      behind: node.behind.map(nodeOf),
    };
  };
  const functions = running.topology.devices.map(({ name }) => name);
  const buses = pathTree(running, functions).map(({ rootBus, behind }) => ({
    name: `root bus ${rootBus}`,
    behind: behind.map(nodeOf),
  }));
  const others = running.devices.filter((device) => !isPciDevice(device));
  const otherBuses = [...new Set(others.map(({ bus }) => bus))].map((bus) => ({
    name: `${bus} bus`,
    behind: others
      .filter((device) => device.bus === bus)
      .map((device) => ({ ...pictured(device), about: undefined, state: undefined, behind: [] })),
  }));
  const { machine, kernel, assumed, devices } = running;
  const supposed = devices.filter((device) => isSupposed(running, device)).length;
  const doubts = [
    ...(supposed > 0 ? [`The groups of ${plural(supposed, 'device')} are a guess.`] : []),
    ...(assumed === undefined ? [] : [`The firmware was supposed, so numbers are a guess: ${assumed}.`]),
  ];
  return {
    title: `IOMMU groups of ${machine.name ?? 'a machine'}, Linux ${kernel.release ?? 'unknown'}`,
    summary: [`${plural(devices.length, 'device')} in ${plural(order.size, 'IOMMU group')}.`, ...doubts].join(' '),
    roots: [...buses, ...otherBuses],
    groups: [...order.keys()].map((group) => ({
      name: `IOMMU group ${idText(running, group)}`,
      isShared: group.devices.length > 1,
      devices: group.devices.map(({ name }) => name),
    })),
  };
};

/** All nodes of a picture, those above before those behind them. */
export function* nodesOf(behind: readonly PictureNode[]): Generator<PictureNode> {
  for (const node of behind) {
    yield node;
    yield* nodesOf(node.behind);
  }
}
