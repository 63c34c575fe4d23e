import { IommuError } from '@iommu/core';
import type { MachinePciFunction, RunningMachine } from '@iommu/machine';
import { endpoint, type FunctionOptions, layOut, multifunction } from '@iommu/machine/build';
import { isPciDevice } from '@iommu/pci';

/** A card, by what it is: its functions, of which each is an endpoint. */
export interface Card {
  /** The port that it is plugged into: `0000:00:1c.0`. */
  readonly behind: string;
  /** In the order of their numbers, eight at most. */
  readonly functions: readonly FunctionOptions[];
}

/**
 * The functions of a card, with the addresses that they have in its place.
 *
 * @throws IommuError `ERR_DEVICE_UNKNOWN`, `ERR_MACHINE` for a place that is no bridge, or a ninth function
 */
export const cardFunctions = (running: RunningMachine, { behind, functions }: Card): MachinePciFunction[] => {
  const port = running.device(behind);
  const bus = isPciDevice(port) ? port.subordinate : undefined;
  if (!bus) throw new IommuError('ERR_MACHINE', `${port.name} is no bridge: nothing can be plugged in behind it`);
  const card = multifunction(...functions.map((one) => endpoint({ ...one, slot: 0 })));
  const { functions: placed } = layOut([{ segment: bus.segment, bus: bus.number, devices: [card] }]);
  return placed.map((one) => (one.parent === null ? { ...one, parent: port.name } : one));
};
