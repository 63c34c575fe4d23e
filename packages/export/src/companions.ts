import type { Device } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { isPciDevice, type PciDevice, slotOf } from '@iommu/pci';

const isOnCardOf = (one: PciDevice, other: PciDevice): boolean =>
  one.pciBus === other.pciBus && slotOf(one.rid) === slotOf(other.rid);

/**
 * Who else is in a device's group and is no bridge: what goes with it when it is handed to a virtual machine.
 *
 * @returns The others in join order; `undefined`: it has no group.
 */
export const companionsOf = ({ iommu }: RunningMachine, device: Device): Device[] | undefined =>
  iommu.groups.of(device)?.devices.filter((other) => other !== device && !(isPciDevice(other) && other.isBridge));

/** Whether no companion is on another card. `undefined`: it has no group. */
export const isAlone = (running: RunningMachine, device: PciDevice): boolean | undefined =>
  companionsOf(running, device)?.every((other) => isPciDevice(other) && isOnCardOf(other, device));
