import { IommuError } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';

/** So many names may be written where each device names all of its group: as of one group of 2000. */
const MOST = 4_000_000;

/**
 * Refuse what would not fit into memory: where each device lists all of its group, a large group is listed as often as it is
 * large.
 *
 * @throws IommuError `ERR_EXPORT_SIZE`
 */
export const checkMemberLists = ({ iommu }: RunningMachine): void => {
  let [total, largest] = [0, 0];
  for (const { devices } of iommu.groups) {
    total += devices.length ** 2;
    largest = Math.max(largest, devices.length);
  }
  if (total <= MOST) return;
  throw new IommuError(
    'ERR_EXPORT_SIZE',
    `groups of up to ${largest} devices, each of which lists its whole group: ${total} entries; expected at most ${MOST}`,
  );
};
