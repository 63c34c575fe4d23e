import type { RunningMachine } from '@iommu/machine';
import type { PciDevice } from '@iommu/pci';
import { isAlone } from './companions.js';
import { isSupposed } from './device-record.js';
import { hex } from './hex.js';

/** Before every name; Node Feature Discovery puts its own namespace before it. */
const PREFIX = 'iommu-groups';

/** How a function counts, by its group. */
type Standing = 'alone' | 'shared' | 'unsure' | 'none';

const standingOf = (running: RunningMachine, device: PciDevice): Standing => {
  if (isSupposed(running, device)) return 'unsure';
  const alone = isAlone(running, device);
  if (alone === undefined) return 'none';
  return alone ? 'alone' : 'shared';
};

/** `0300_10de`, as Node Feature Discovery itself writes class and vendor. */
const kindOf = ({ facts: { classCode, vendor } }: PciDevice): string | undefined =>
  classCode === undefined || vendor === undefined ? undefined : `${hex(classCode >>> 8, 4)}_${hex(vendor, 4)}`;

/**
 * A machine's groups as a file of features for Node Feature Discovery
 * (`/etc/kubernetes/node-feature-discovery/features.d/iommu`): a name and a value a line, each a label of the node.
 *
 * - `iommu-groups.count`: how many groups there are.
 * - `iommu-groups.alone-CLASS_VENDOR`: how many functions of that class and vendor share their group with nothing but bridges and
 *   functions of their own card.
 * - `iommu-groups.shared-…`: how many share it with others; `none-…`: how many have none; `unsure-…`: of how many the input does
 *   not tell.
 *
 * Only kinds that there are have lines, so that many virtual functions do not make many labels. Bridges are not counted, nor
 * functions whose class or vendor is not known.
 *
 * @see Node Feature Discovery, Customization guide, Local feature source
 */
export const toNfdFeatures = (running: RunningMachine): string => {
  const counts = new Map<string, number>();
  for (const device of running.topology.devices) {
    const kind = device.isBridge ? undefined : kindOf(device);
    if (kind === undefined) continue;
    const name = `${standingOf(running, device)}-${kind}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const lines = [['count', running.iommu.groups.size] as const, ...[...counts].sort(([a], [b]) => (a < b ? -1 : 1))];
  return lines.map(([name, count]) => `${PREFIX}.${name}=${count}\n`).join('');
};
