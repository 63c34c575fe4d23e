import type { Device } from './device.js';
import { type Errno, refused } from './errors.js';
import type { Emitter } from './events.js';
import type { GroupRecord } from './group-table.js';
import * as ownership from './ownership.js';
import type { DeviceState } from './prober.js';

/** A kernel driver, as far as DMA ownership goes. */
export interface KernelDriver {
  /** As below `/sys/bus/<bus>/drivers`: `vfio-pci`. */
  readonly name: string;
  /** `driver_managed_dma`: binding it does not count as a user of the group's DMA. */
  readonly managesDma?: boolean;
  /** The driver looks at the device, when it may use it: an errno is its refusal. Absent: it takes the device. */
  readonly probe?: (device: Device) => Errno | undefined;
}

/** A driver without its own is bound to a device that was probed. @see Linux v7.0 drivers/base/dd.c really_probe() */
export const bindDriver = (
  state: DeviceState,
  group: GroupRecord | undefined,
  { name, managesDma, probe }: KernelDriver,
  events: Emitter,
): void => {
  const { device } = state;
  const usesDma = group !== undefined && !managesDma;
  if (usesDma) ownership.useDefaultDomain(group);
  if (group) events.emit({ type: 'bind-driver', group, device });
  let isTaken = false;
  try {
    const errno = probe?.(device);
    if (errno) throw refused(errno, `${name} does not take ${device.name}`);
    isTaken = true;
  } finally {
    // Also where the probe throws what is not foreseen.
    if (usesDma && !isTaken) ownership.unuseDefaultDomain(group);
  }
  state.kernelDriver = { name, usesDma };
  if (group) events.emit({ type: 'bound-driver', group, device });
};

/** @see Linux v7.0 drivers/base/dd.c __device_release_driver() */
export const unbindDriver = (
  state: DeviceState,
  group: GroupRecord | undefined,
  remove: (() => void) | undefined,
  events: Emitter,
): void => {
  const { device, kernelDriver } = state;
  if (group) events.emit({ type: 'unbind-driver', group, device });
  remove?.();
  if (group && kernelDriver?.usesDma) ownership.unuseDefaultDomain(group);
  state.kernelDriver = undefined;
  if (group) events.emit({ type: 'unbound-driver', group, device });
};
