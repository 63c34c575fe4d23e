import type { Iommu, Kernel } from '@iommu/core';
import type { PciTopology } from '@iommu/pci';
import { Hardware } from './hardware.js';
import { DriverCore } from './kernel-drivers/driver-core.js';
import { KernelDrivers } from './kernel-drivers/kernel-drivers.js';
import type { Machine } from './machine.js';
import type { MachineEvent } from './machine-events.js';
import { OtherDevices } from './other-devices.js';
import { PciHotPlug } from './pci-hot-plug.js';
import { ProbeLog } from './probe-log.js';
import type { Probe } from './probe-order.js';
import { VirtualFunctions } from './virtual-functions.js';

/** What the parts of a running machine are made of. */
export interface Ingredients {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly topology: PciTopology;
  readonly iommu: Iommu;
  /** Probes that there were until now. */
  readonly probes: readonly Probe[];
  readonly emit: (event: MachineEvent) => void;
}

/** The parts of a running machine that do things to it, which need each other. */
export interface Assembly {
  readonly drivers: DriverCore;
  readonly kernelDrivers: KernelDrivers;
  readonly hardware: Hardware;
  readonly hotPlug: PciHotPlug;
  readonly vfs: VirtualFunctions;
  readonly others: OtherDevices;
  readonly probes: ProbeLog;
}

export const assemble = ({ machine, kernel, topology, iommu, emit, probes: before }: Ingredients): Assembly => {
  const { functions = [] } = machine.pci ?? {};
  const probes = new ProbeLog(before);
  const hardware = new Hardware(machine.pci ?? { functions });
  const drivers: DriverCore = new DriverCore({
    kernel,
    topology,
    iommu,
    probes,
    emit,
    vfsOf: (device) => vfs.countOf(device),
    probesVf: ({ physicalFunction }) => !physicalFunction || vfs.probes(physicalFunction),
    leaves: (device, driver) => vfs.driverLeaves(device, driver),
  });
  const kernelDrivers = new KernelDrivers(drivers);
  const hotPlug: PciHotPlug = new PciHotPlug({
    topology,
    iommu,
    drivers,
    hardware,
    probes,
    emit,
    load: (driver, device) => {
      if (!kernelDrivers.has(driver)) kernelDrivers.register(driver);
      drivers.drivers.get(driver)?.learn(device);
    },
    forgetVfs: (device) => vfs.forget(device),
  });
  const virtual = functions.filter(({ physicalFunction }) => physicalFunction !== undefined);
  const vfs: VirtualFunctions = new VirtualFunctions({ topology, drivers, hotPlug, emit, virtual });
  const others = new OtherDevices({ iommu, drivers, probes, emit });
  return { drivers, kernelDrivers, hardware, hotPlug, vfs, others, probes };
};
