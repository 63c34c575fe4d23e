import { type Device, type Diagnostic, Iommu, type IommuDriver, type Kernel } from '@iommu/core';
import { acsVerdict, type PciSettings, PciTopology } from '@iommu/pci';
import { firmwareInUse } from './firmware-in-use.js';
import { type ResolvedKernel, resolveKernel, toldArch } from './kernel.js';
import type { Machine, MachineKernel } from './machine.js';
import { pciFunction } from './pci-function.js';
import { platformDevice, platformOf } from './platform.js';
import { policyNamed } from './policies.js';
import { NO_DOUBTS, probeAtBoot } from './probe-at-boot.js';
import { probeHistory, probesOf } from './probe-history.js';
import { RunningMachine } from './running-machine.js';

/** Buses in the order in which a registering unit walks them. @see Linux v7.0 drivers/iommu/iommu.c iommu_buses[] */
const BUSES = ['platform', 'pci', 'amba', 'fsl-mc', 'host1x-context', 'cdx'];

/** With which drivers a machine is booted, and as which kernel. */
export interface BootOptions {
  /** A device goes to the first driver that knows it. */
  readonly drivers: readonly IommuDriver[];
  /** A release or version in place of the machine's own: `6.1`, `7.3.4+deb13-amd64`. */
  readonly kernel?: string;
  /** In place of the machine's own command line. */
  readonly commandLine?: string;
  /** One of `POLICIES` by name. */
  readonly policy?: string;
  /** How to decide where a fact is unknown; default `pessimistic`: as if the function did not isolate. */
  readonly unknown?: 'pessimistic' | 'optimistic';
}

/** ACS is switched on only when groups have formed. */
const isAfterGrouping = (kernel: Kernel): boolean => kernel.rule('acs-enabling') === 'after-grouping';

/** Bits that were read after another boot than the one asked for go through this kernel's enabling. */
const acsReadFor = (
  machine: Machine,
  { kernel, commandLine }: BootOptions,
  resolved: ResolvedKernel,
): Pick<PciSettings, 'acsRead' | 'acsReadElsewhere'> => {
  const readUnder = machine.pci?.acsReadUnder ?? machine.kernel;
  const other =
    (kernel ?? machine.kernel?.release) !== readUnder?.release ||
    (commandLine ?? machine.kernel?.commandLine) !== readUnder?.commandLine;
  // What was read after boot then is more than what groups rest on.
  if (isAfterGrouping(resolved) && machine.pci?.acsRead !== 'before-boot')
    return { acsRead: 'unknown', acsReadElsewhere: true };
  if (other && machine.pci?.acsRead === 'after-boot') return { acsRead: 'unknown', acsReadElsewhere: true };
  return { acsRead: machine.pci?.acsRead ?? 'unknown' };
};

/** The machine's own kernel, as far as the caller asks for no other. */
const kernelFor = (machine: Machine, { kernel, commandLine }: BootOptions): MachineKernel => {
  // The architecture may stand only in the machine's own release.
  const arch = toldArch(machine.kernel);
  const other = kernel !== undefined && { release: kernel, ...(arch !== undefined && { arch }) };
  return { ...machine.kernel, ...other, ...(commandLine !== undefined && { commandLine }) };
};

/**
 * Boot a machine: find its devices in the kernel's order, bind the drivers to its firmware, and let their units group
 * the devices.
 *
 * @param machine - Read only; the running machine keeps it.
 * @throws IommuError `ERR_MACHINE`, `ERR_PCI_*` for a description that contradicts itself, `ERR_TABLE_*` for firmware
 * that cannot be read, `ERR_DRIVER_*` for a driver that breaks the contract, `ERR_POLICY`.
 */
export const boot = (machine: Machine, options: BootOptions): RunningMachine => {
  const bootedKernel = kernelFor(machine, options);
  const kernel = resolveKernel(bootedKernel, options.policy === undefined ? {} : policyNamed(options.policy).rules);
  const firmware = firmwareInUse(machine, kernel);
  const diagnostics: Diagnostic[] = [...kernel.diagnostics];
  const settings: PciSettings = {
    kernel,
    unknown: options.unknown ?? 'pessimistic',
    ...acsReadFor(machine, options, kernel),
    acsRequested: false,
    ivrs: firmware?.acpi?.['IVRS'] !== undefined,
  };
  const { functions = [], order, rootBuses, rootParents } = machine.pci ?? {};
  const topology = PciTopology.build(functions.map(pciFunction), settings, {
    ...(order && { order }),
    ...(rootBuses && { rootBuses }),
    ...(rootParents && { rootParents }),
  });
  const devices = [...(machine.devices ?? []).map(platformDevice), ...topology.devices];
  const supposed = firmware ? undefined : suppose(options.drivers, topology, kernel);
  if (supposed?.acpi['IVRS']) settings.ivrs = true;
  const platform = platformOf(
    machine,
    firmware,
    kernel,
    devices,
    supposed?.acpi ?? {},
    (diagnostic) => void diagnostics.push(diagnostic),
  );
  const iommu = new Iommu({ platform, drivers: options.drivers, buses: BUSES });
  requestAcs(settings, iommu);
  iommu.registerUnits();
  diagnostics.push(...overridden(topology), ...kernel.doubtsOfAsked());
  const failed = new Set<Device>();
  const attempt = (device: Device, act: () => void, what: string): void => {
    if (failed.has(device)) return;
    try {
      act();
    } catch (error) {
      failed.add(device);
      diagnostics.push({ severity: 'warning', code: 'driver-not-bound', message: `${what}: ${String(error)}` });
    }
  };
  const waits = iommu.drivers.some(({ bound }) => bound.groupsAt === 'driver-probe');
  const waiting = waits ? iommu.devices.filter((device) => isGroupedAtProbe(device, iommu)) : [];
  const probe = (device: Device) => attempt(device, () => iommu.probeDriver(device), `probe of ${device.name}`);
  const history = waiting.length > 0 && probeHistory(machine, kernel, waiting);
  const doubts = history ? probeAtBoot(iommu, history, probe, diagnostics) : NO_DOUBTS;
  const running = new RunningMachine({
    machine,
    bootedKernel,
    kernel,
    topology,
    iommu,
    installed: new Set(options.drivers.map(({ name }) => name)),
    assumed: supposed?.text,
    diagnostics,
    doubts,
    probes: history ? probesOf(machine, history) : [],
  });
  bindRecorded(running, attempt);
  return running;
};

/** Whether the device is behind an IOMMU, and gets its group when a kernel driver is probed for it. */
const isGroupedAtProbe = (device: Device, { drivers }: Iommu): boolean => {
  for (const { bound } of drivers) {
    const answer = bound.unitOf(device);
    if (answer) return 'unit' in answer && bound.groupsAt === 'driver-probe';
  }
  return false;
};

/**
 * Whether some driver's part of the kernel asks for ACS, and when: VT-d, AMD-Vi and IORT while they look for their
 * tables (`pci-acs`), the device tree's reader only for the first function that it configures (`pci-acs-late`).
 */
const requestAcs = (settings: PciSettings, { drivers }: Iommu): void => {
  const asks = (feature: string): boolean => drivers.some(({ bound }) => bound.busFeatures?.includes(feature));
  settings.acsRequested = asks('pci-acs') || asks('pci-acs-late');
  if (settings.acsRequested && isAfterGrouping(settings.kernel)) settings.acsLate = 'after-boot';
  if (!settings.acsRequested || asks('pci-acs')) return;
  const late = settings.kernel.rule('late-acs');
  if (late === 'after-boot' || late === 'after-first') settings.acsLate = late;
};

/** What the patch `pcie_acs_override` had the kernel believe is never passed on as isolation. */
const overridden = (topology: PciTopology): Diagnostic[] => {
  if (topology.settings.kernel.rule('acs-override') === undefined) return [];
  const names = topology.devices.filter((device) => acsVerdict(device).basis === 'override').map(({ name }) => name);
  if (names.length === 0) return [];
  const list = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  const message = `pcie_acs_override: split on paper, isolation not proven: ${list}`;
  return [{ severity: 'warning', code: 'acs-override', message }];
};

const suppose = (drivers: readonly IommuDriver[], topology: PciTopology, kernel: ResolvedKernel) => {
  for (const driver of drivers) {
    const assumed = driver.assume?.(topology.devices, kernel);
    if (assumed) return assumed;
  }
  return undefined;
};

/** Bind the kernel drivers that the description names. */
const bindRecorded = (
  running: RunningMachine,
  attempt: (device: Device, act: () => void, what: string) => void,
): void => {
  const bind = (name: string, driver: string): void => {
    const device = running.find(name);
    if (device) attempt(device, () => running.bindDriver(device, driver), `${driver} on ${name}`);
  };
  for (const { name, driver } of running.machine.devices ?? []) if (driver) bind(name, driver);
  for (const { address, driver } of running.machine.pci?.functions ?? []) if (driver) bind(address, driver);
};
