import type { RunningMachine } from '@iommu/machine';
import { type Describe, deviceRecords } from './device-record.js';

/**
 * A machine as newline-delimited JSON: a `DeviceRecord` a line. What several machines give can be put one after the other.
 *
 * @returns Every line with its newline.
 */
export const toNdjson = (running: RunningMachine, describe?: Describe): string =>
  deviceRecords(running, describe)
    .map((record) => `${JSON.stringify(record)}\n`)
    .join('');
