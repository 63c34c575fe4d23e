import { attributesOf, type PciAttribute } from '@iommu/machine';
import type { PciDevice } from '@iommu/pci';
import { type Attribute, line, notModelled } from './attribute.js';
import { idsOf, irqOf, modalias, subsystemOf, uevent } from './pci-identity.js';
import { noRegions, statedHeader } from './stated-header.js';

type Row = Attribute<PciDevice>;

const hex = (value: number | undefined, digits: number): string | undefined =>
  value === undefined ? undefined : line(`0x${value.toString(16).padStart(digits, '0')}`);

/** A file of which only a dump tells what it holds. */
const asRead = (name: PciAttribute, format: string, mode = 0o444): Row => ({
  name,
  mode,
  format,
  read: (device) => line(attributesOf(device)[name]),
  ...(mode === 0o644 && { write: notModelled }),
});

/** Bytes that anybody may read: the header; of a CardBus bridge it is longer. */
const PUBLIC_BYTES = 64;
const PUBLIC_BYTES_CARDBUS = 128;
const CARDBUS = 2;

const configOf = (device: PciDevice): Uint8Array | undefined => device.description.config ?? statedHeader(device);

/** The bytes that the function has, not those that were read; 0 when that is not known. */
const configSize = ({ description, express }: PciDevice): number => {
  const { configSize: stated, config } = description;
  const length = config?.length ?? 0;
  if (stated !== undefined) return stated;
  if (length >= 256) return length > 256 ? 4096 : 256;
  return express === null ? 256 : 0;
};

/**
 * Files that every PCI function has, as far as the model or a dump knows their content.
 *
 * @see Linux v7.0 drivers/pci/pci-sysfs.c
 */
export const PCI_FUNCTION_FILES: readonly Row[] = [
  { name: 'vendor', mode: 0o444, format: '0x%04x', read: (device) => hex(idsOf(device)?.[0], 4) },
  { name: 'device', mode: 0o444, format: '0x%04x', read: (device) => hex(idsOf(device)?.[1], 4) },
  { name: 'subsystem_vendor', mode: 0o444, format: '0x%04x', read: (device) => hex(subsystemOf(device)?.[0], 4) },
  { name: 'subsystem_device', mode: 0o444, format: '0x%04x', read: (device) => hex(subsystemOf(device)?.[1], 4) },
  {
    name: 'revision',
    mode: 0o444,
    format: '0x%02x',
    rule: 'file-revision',
    read: ({ facts }) => hex(facts.revision, 2),
  },
  {
    name: 'class',
    mode: 0o444,
    format: '0x%06x: base class, subclass, programming interface',
    read: ({ facts }) => hex(facts.classCode, 6),
  },
  {
    name: 'modalias',
    mode: 0o444,
    format: 'pci:v%08Xd%08Xsv%08Xsd%08Xbc%02Xsc%02Xi%02X',
    read: (d) => line(modalias(d)),
  },
  {
    name: 'uevent',
    mode: 0o644,
    format: 'DRIVER, PCI_CLASS, PCI_ID, PCI_SUBSYS_ID, PCI_SLOT_NAME, MODALIAS',
    read: (device, sys) => uevent(device, sys),
    write: notModelled,
  },
  {
    name: 'config',
    mode: 0o644,
    format:
      'binary: configuration space as read, else a header of what was stated; 64 bytes for callers without CAP_SYS_ADMIN',
    has: (device) => configOf(device) !== undefined,
    size: configSize,
    read: (device, _sys, { sysAdmin }) => {
      const config = configOf(device);
      const isCardBus = device.facts.headerType === CARDBUS;
      return sysAdmin ? config : config?.subarray(0, isCardBus ? PUBLIC_BYTES_CARDBUS : PUBLIC_BYTES);
    },
    write: notModelled,
  },
  { name: 'irq', mode: 0o444, format: '%u', read: (device) => line(attributesOf(device).irq ?? irqOf(device)) },
  {
    name: 'resource',
    mode: 0o444,
    format: 'a line for each region: start, inclusive end, flags, each 0x%016x',
    read: (device) => {
      const isStated = device.description.config === undefined && statedHeader(device) !== undefined;
      return line(attributesOf(device).resource ?? (isStated ? noRegions(device) : undefined));
    },
  },
  asRead('local_cpus', 'bit mask of CPUs'),
  asRead('local_cpulist', 'list of CPUs: 0-7'),
  asRead('numa_node', '%d; -1: unknown', 0o644),
  asRead('dma_mask_bits', '%d'),
  asRead('consistent_dma_mask_bits', '%d'),
  asRead('enable', '%u: how often it was enabled', 0o644),
  asRead('broken_parity_status', '%u', 0o644),
  asRead('msi_bus', '%u', 0o644),
  asRead('d3cold_allowed', '%u', 0o644),
  asRead('ari_enabled', '%u'),
  asRead('power_state', 'D0, D3hot, …'),
  asRead('devspec', 'path in the device tree, or nothing'),
  asRead('boot_vga', '%u'),
  asRead('current_link_speed', '8.0 GT/s PCIe'),
  asRead('current_link_width', '%u'),
  asRead('max_link_speed', '8.0 GT/s PCIe'),
  asRead('max_link_width', '%u'),
  asRead('aer_dev_correctable', 'a line for each kind of error: name, count'),
  asRead('aer_dev_fatal', 'a line for each kind of error: name, count'),
  asRead('aer_dev_nonfatal', 'a line for each kind of error: name, count'),
  asRead('aer_rootport_total_err_cor', '%u'),
  asRead('aer_rootport_total_err_fatal', '%u'),
  asRead('aer_rootport_total_err_nonfatal', '%u'),
  asRead('reset_method', 'names with blanks between', 0o644),
  {
    name: 'reset',
    mode: 0o200,
    format: '1: reset the function',
    has: (device) => (attributesOf(device).reset_method ?? '') !== '',
    write: notModelled,
  },
];

/** Files that a bridge has besides. */
export const PCI_BRIDGE_FILES: readonly Row[] = [
  {
    name: 'secondary_bus_number',
    mode: 0o444,
    format: '%u',
    rule: 'file-bus-numbers',
    read: ({ isBridge, facts, subordinate }) =>
      isBridge ? line(facts.secondaryBus ?? subordinate?.number) : undefined,
  },
  {
    name: 'subordinate_bus_number',
    mode: 0o444,
    format: '%u',
    rule: 'file-bus-numbers',
    read: ({ isBridge, facts }) => (isBridge ? line(facts.subordinateBus) : undefined),
  },
  {
    name: 'reset_subordinate',
    mode: 0o200,
    format: '1: reset all behind the bridge',
    rule: 'file-reset-subordinate',
    has: ({ isBridge }) => isBridge,
    write: notModelled,
  },
];
