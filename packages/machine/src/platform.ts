import type { Device, Diagnostic, Platform, UnitRegisters } from '@iommu/core';
import { toBytes } from './bytes.js';
import type { ResolvedKernel } from './kernel.js';
import type { Machine, MachineDevice, MachineFirmware, MachineUnit } from './machine.js';

/** Device of a bus that has nothing to tell about grouping but its place. */
export interface PlatformDevice extends Device {
  /** The object of the description itself, not a copy. */
  readonly description: MachineDevice;
}

export const platformDevice = (description: MachineDevice): PlatformDevice => {
  const { name, bus, path, firmwareNode, hardwareId, uniqueId } = description;
  return {
    name,
    bus,
    path,
    description,
    ...(firmwareNode !== undefined && { firmwareNode }),
    ...(hardwareId !== undefined && { hardwareId }),
    ...(uniqueId !== undefined && { uniqueId }),
  };
};

const unitRegisters = ({ name, address, registers = {}, responds }: MachineUnit): UnitRegisters => ({
  ...(name !== undefined && { name }),
  ...(address !== undefined && { address: BigInt(address) }),
  ...(responds !== undefined && { responds }),
  registers: Object.fromEntries(Object.entries(registers).map(([key, value]) => [key, BigInt(value)])),
});

/**
 * What drivers may know: the machine's own firmware, or what a driver supposed in its place.
 *
 * @param firmware - What the kernel reads of it.
 */
export const platformOf = (
  { units = [] }: Machine,
  firmware: MachineFirmware | undefined,
  kernel: ResolvedKernel,
  devices: readonly Device[],
  assumed: Readonly<Record<string, Uint8Array>>,
  report: (diagnostic: Diagnostic) => void,
): Platform => ({
  kernel,
  devices,
  deviceTree: firmware?.deviceTree === undefined ? undefined : toBytes(firmware.deviceTree, 'firmware.deviceTree'),
  units: units.map(unitRegisters),
  report,
  acpiTable(signature, instance = 0) {
    const name = instance === 0 ? signature : `${signature}${instance + 1}`;
    const table = firmware?.acpi?.[name] ?? (instance === 0 ? firmware?.acpi?.[`${signature}1`] : undefined);
    return table === undefined ? assumed[name] : toBytes(table, `firmware.acpi.${name}`);
  },
});
