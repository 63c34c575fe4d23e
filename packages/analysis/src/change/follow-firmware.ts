import type { Device, IommuDriver } from '@iommu/core';
import { type Machine, type MachineNote, resolveKernel, toBytes } from '@iommu/machine';
import { topologyOf } from './pci-tree.js';

/**
 * A machine whose hardware was moved, with the tables that its firmware would hand over then.
 *
 * @param drivers - Each writes the tables of its own kind.
 * @param bypassed - Names of functions that no table may name any more.
 */
export const followFirmware = (
  before: Machine,
  after: Machine,
  addresses: ReadonlyMap<string, string>,
  drivers: readonly IommuDriver[],
  bypassed: ReadonlySet<string> = new Set(),
): { readonly machine: Machine; readonly notes: readonly MachineNote[] } => {
  const { firmware } = after;
  if (!firmware) return { machine: after, notes: [] };
  const notes: MachineNote[] = [];
  const [old, fresh] = [topologyOf(before), topologyOf(after)];
  const relocation = {
    devices: new Map<Device, Device | undefined>(
      old.devices.map((device) => [device, fresh.find(addresses.get(device.name) ?? '')]),
    ),
    after: fresh.devices,
    bypassed: new Set<Device>(fresh.devices.filter(({ name }) => bypassed.has(name))),
  };
  const platform = {
    kernel: resolveKernel(before.kernel),
    devices: old.devices,
    deviceTree: firmware.deviceTree === undefined ? undefined : toBytes(firmware.deviceTree, 'firmware.deviceTree'),
    units: [],
    report: ({ code, message }: { readonly code: string; readonly message: string }) =>
      void notes.push({ severity: 'warning', code, message }),
    acpiTable: (signature: string, instance = 0) => {
      const name = instance === 0 ? signature : `${signature}${instance + 1}`;
      const table = firmware.acpi?.[name];
      return table === undefined ? undefined : toBytes(table, `firmware.acpi.${name}`);
    },
  };
  const tables = Object.assign({}, ...drivers.map((driver) => driver.relocate?.(platform, relocation) ?? {})) as Record<
    string,
    Uint8Array
  >;
  if (Object.keys(tables).length === 0) return { machine: after, notes };
  return { machine: { ...after, firmware: { ...firmware, acpi: { ...firmware.acpi, ...tables } } }, notes };
};
