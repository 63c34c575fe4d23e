import type { IommuDriver } from '@iommu/core';
import { intelVtd } from '@iommu/driver-intel-vtd';

/** Of a card that takes its time. */
const SLOW = 0xffff;
/** In milliseconds. */
const TIME = 5_000;

/** VT-d; while it looks at a slow card, the process does nothing else. */
const slowVtd = (): IommuDriver => {
  const driver = intelVtd();
  return {
    ...driver,
    bind(platform) {
      const bound = driver.bind(platform);
      if (!bound) return undefined;
      const groupOf = bound.deviceGroup.bind(bound);
      const value: typeof bound.deviceGroup = (device, groups) => {
        if ('facts' in device && (device.facts as { vendor?: number }).vendor === SLOW)
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TIME);
        return groupOf(device, groups);
      };
      return Object.defineProperty(bound, 'deviceGroup', { value });
    },
  };
};

export { slowVtd as default };
