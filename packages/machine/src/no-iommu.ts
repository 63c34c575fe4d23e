import type { Device, Reason } from '@iommu/core';
import { DRIVER_PACKAGES, type DriverPackage, packagesFor } from './driver-packages.js';
import { isAcpiOff } from './firmware-in-use.js';
import type { RunningMachine } from './running-machine.js';

const likelyDriver = ({ topology, kernel }: RunningMachine): DriverPackage | undefined => {
  const vendor = topology.devices[0]?.facts.vendor;
  if (vendor === 0x8086) return DRIVER_PACKAGES['DMAR'];
  if (vendor === 0x1022 || vendor === 0x1002) return DRIVER_PACKAGES['IVRS'];
  return kernel.arch === 'arm64' ? DRIVER_PACKAGES['IORT'] : undefined;
};

/**
 * Why no driver knows a device: what is missing, as far as the description tells.
 *
 * @param installed - Names of the drivers that were given, whether they found IOMMUs or not.
 */
export const noIommuReason = (running: RunningMachine, device: Device, installed: ReadonlySet<string>): Reason => {
  const reason = (rule: string, text: string): Reason => ({
    rule,
    text,
    source: 'iommu_probe_device()',
    devices: [device],
  });
  if (isAcpiOff(running.kernel)) {
    return reason(
      'acpi-off',
      'The command line switches ACPI off (acpi=off): the kernel reads no firmware table, so it finds no IOMMU.',
    );
  }
  const { firmware } = running.machine;
  const missing = packagesFor(firmware ?? {}).find(({ driver }) => !installed.has(driver));
  if (missing) {
    return reason(
      'no-driver',
      `The firmware describes ${missing.hardware}, and no driver for it is installed: install ${missing.package}.`,
    );
  }
  if (firmware) {
    return reason(
      'no-iommu-in-firmware',
      'The firmware describes no IOMMU: it is absent, or switched off in the firmware settings.',
    );
  }
  const likely = likelyDriver(running);
  if (likely && !installed.has(likely.driver)) {
    return reason(
      'no-driver',
      `The machine looks like one with ${likely.hardware}, and no driver for it is installed: install ${likely.package}.`,
    );
  }
  return reason(
    'no-firmware-in-input',
    'The input holds no firmware tables, and no driver knows what to suppose of such a machine.',
  );
};
