import { ConfigSpace, findCapability, type PciDevice } from '@iommu/pci';
import type { Sys } from './sys.js';

type Pair = readonly [vendor: number, device: number];

const pair = (vendor: number | undefined, device: number | undefined): Pair | undefined =>
  vendor === undefined || device === undefined ? undefined : [vendor, device];

export const idsOf = ({ facts }: PciDevice): Pair | undefined => pair(facts.vendor, facts.device);

/** Of a bridge they stand in a capability; without it they are 0. */
const CAPABILITY_SUBSYSTEM_IDS = 0x0d;
const CARDBUS_SUBSYSTEM_VENDOR = 0x40;

const hasNoBytes = ({ description, facts }: PciDevice): boolean =>
  description.config === undefined && facts.classCode !== undefined && facts.vendor !== undefined;

/**
 * Subsystem ids as the kernel keeps them; those of a function that was stated, and not read, are 0 unless stated.
 *
 * @see Linux v7.0 drivers/pci/probe.c pci_setup_device()
 */
export const subsystemOf = (device: PciDevice): Pair | undefined => {
  const { facts, description } = device;
  const stated = pair(facts.subsystemVendor, facts.subsystemDevice);
  if (stated) return stated;
  if (!description.config) return hasNoBytes(device) ? [0, 0] : undefined;
  const config = new ConfigSpace(description.config, description.configSize);
  if (facts.headerType === 2)
    return pair(config.u16(CARDBUS_SUBSYSTEM_VENDOR), config.u16(CARDBUS_SUBSYSTEM_VENDOR + 2));
  if (facts.headerType !== 1) return undefined;
  const offset = findCapability(config, CAPABILITY_SUBSYSTEM_IDS);
  if (offset === null) return [0, 0];
  return offset === undefined ? undefined : pair(config.u16(offset + 4), config.u16(offset + 6));
};

const INTERRUPT_LINE = 0x3c;
const INTERRUPT_PIN = 0x3d;

/**
 * The interrupt as the kernel knows it before a driver enables the device: what firmware wrote.
 *
 * @see Linux v7.0 drivers/pci/probe.c pci_read_irq()
 */
export const irqOf = (device: PciDevice): number | undefined => {
  const { description, isVirtualFunction } = device;
  if (isVirtualFunction || hasNoBytes(device)) return 0;
  const pin = description.config?.[INTERRUPT_PIN];
  return pin === 0 ? 0 : pin === undefined ? undefined : description.config?.[INTERRUPT_LINE];
};

const upper = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** `pci:v00008086d000029C0sv00001AF4sd00001100bc06sc00i00`; `undefined` when an id is not known. */
export const modalias = (device: PciDevice): string | undefined => {
  const ids = idsOf(device);
  const subsystem = subsystemOf(device);
  const { classCode } = device.facts;
  if (!ids || !subsystem || classCode === undefined) return undefined;
  const [base, sub, interface_] = [classCode >>> 16, (classCode >>> 8) & 0xff, classCode & 0xff];
  return (
    `pci:v${upper(ids[0], 8)}d${upper(ids[1], 8)}sv${upper(subsystem[0], 8)}sd${upper(subsystem[1], 8)}` +
    `bc${upper(base, 2)}sc${upper(sub, 2)}i${upper(interface_, 2)}`
  );
};

/** What the kernel tells udev of a function. @see Linux v7.0 drivers/pci/pci-driver.c pci_uevent() */
export const uevent = (device: PciDevice, { running }: Sys): string | undefined => {
  const alias = modalias(device);
  const ids = idsOf(device);
  const subsystem = subsystemOf(device);
  const { classCode } = device.facts;
  if (alias === undefined || !ids || !subsystem || classCode === undefined) return undefined;
  const driver = running.iommu.kernelDriverOf(device);
  return [
    ...(driver === undefined ? [] : [`DRIVER=${driver}`]),
    `PCI_CLASS=${upper(classCode, 4)}`,
    `PCI_ID=${upper(ids[0], 4)}:${upper(ids[1], 4)}`,
    `PCI_SUBSYS_ID=${upper(subsystem[0], 4)}:${upper(subsystem[1], 4)}`,
    `PCI_SLOT_NAME=${device.name}`,
    `MODALIAS=${alias}`,
    '',
  ].join('\n');
};
