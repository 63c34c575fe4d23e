import { type Machine, type MachineFirmware, type MachineKernel, type MachinePci, toBytes } from '@iommu/machine';
import { TABLES } from '../snapshot.js';
import { redactAcpiTable } from './acpi-table.js';
import { redactConfigSpace } from './config-space.js';
import type { Redactor } from './redactor.js';

/** Every text in a value, redacted as names are; bytes stay. */
const names = <T>(value: T, redactor: Redactor): T => {
  if (typeof value === 'string') return redactor.name(value) as T;
  if (Array.isArray(value)) return value.map((one: unknown) => names(one, redactor)) as T;
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [key, names(one, redactor)]),
  ) as T;
};

const redactFirmware = ({ acpi, deviceTree }: MachineFirmware, redactor: Redactor): MachineFirmware => ({
  ...(acpi && {
    acpi: Object.fromEntries(
      Object.entries(acpi)
        .filter(([name]) => TABLES.test(name))
        .map(([name, bytes]) => [name, redactAcpiTable(toBytes(bytes, `firmware.acpi.${name}`))]),
    ),
  }),
  ...(deviceTree && { deviceTree: redactor.deviceTree(toBytes(deviceTree, 'firmware.deviceTree')) }),
});

const redactKernel = (kernel: MachineKernel, redactor: Redactor): MachineKernel => ({
  ...names(kernel, redactor),
  ...(kernel.commandLine !== undefined && { commandLine: redactor.commandLine(kernel.commandLine) }),
});

const redactPci = ({ functions, acsReadUnder, ...rest }: MachinePci, redactor: Redactor): MachinePci => ({
  ...rest,
  ...(acsReadUnder && { acsReadUnder: redactKernel(acsReadUnder, redactor) }),
  functions: functions.map(({ config, label, attributes, ...fn }) => ({
    ...fn,
    ...(attributes && {
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([name, text]) => [name, redactor.label(redactor.name(text))]),
      ),
    }),
    ...(config && { config: redactConfigSpace(toBytes(config, `${fn.address}.config`)) }),
    // Names of hosts are no part of it, and could be words of it.
    ...(label !== undefined && { label: redactor.label(label) }),
  })),
});

/**
 * A machine without what tells it from others of its kind: its own name goes, and of its firmware's tables all that do
 * not speak of IOMMUs.
 */
export const redactMachine = (machine: Machine, redactor: Redactor): Machine => {
  const { name: _name, kernel, firmware, pci, ...rest } = machine;
  if (machine.name !== undefined) redactor.hosts.add(machine.name);
  for (const known of [kernel, pci?.acsReadUnder])
    if (known?.commandLine !== undefined) redactor.learnCommandLine(known.commandLine);
  return {
    ...names(rest, redactor),
    ...(kernel && { kernel: redactKernel(kernel, redactor) }),
    ...(firmware && { firmware: redactFirmware(firmware, redactor) }),
    ...(pci && { pci: redactPci(pci, redactor) }),
  };
};
