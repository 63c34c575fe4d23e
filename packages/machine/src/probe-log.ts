import type { Device } from '@iommu/core';
import type { Probe } from './probe-order.js';

/** Which devices a driver was probed for since they came, by the first: on some kernels that is when they get a group. */
export class ProbeLog {
  readonly #first = new Map<Device, string>();

  constructor(probes: readonly Probe[]) {
    for (const { device, driver } of probes) this.add(device, driver);
  }

  /** In the order in which they happened. */
  get probes(): readonly Probe[] {
    return [...this.#first].map(([device, driver]) => ({ device, driver }));
  }

  add(device: Device, driver: string): void {
    if (!this.#first.has(device)) this.#first.set(device, driver);
  }

  delete(device: Device): void {
    this.#first.delete(device);
  }
}
