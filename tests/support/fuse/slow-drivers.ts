import type { IommuDriver } from '@iommu/core';
import { allDrivers } from '../drivers.js';

/** Of a card that takes its time. */
const SLOW = 0xffff;
/** In milliseconds. */
const TIME = 5_000;

/** The drivers of the project; while they look at a slow card the process does nothing else. */
export const drivers = (): IommuDriver[] =>
  allDrivers().map((driver) => ({
    ...driver,
    bind(platform) {
      const bound = driver.bind(platform);
      if (!bound) return undefined;
      const group: typeof bound.deviceGroup = (device, groups) => {
        if ('facts' in device && (device.facts as { vendor?: number }).vendor === SLOW)
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TIME);
        return plainGroup(device, groups);
      };
      const plainGroup = bound.deviceGroup.bind(bound);
      return Object.defineProperty(bound, 'deviceGroup', { value: group });
    },
  }));
