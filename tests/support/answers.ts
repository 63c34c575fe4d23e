import { check, groupsReport } from '@iommu/analysis';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { entriesToTar, redactBytes } from '@iommu/host';
import { boot, type Machine } from '@iommu/machine';

/** All that is said of a machine's groups, computed and observed, whatever the machine is called. */
export const answers = (machine: Machine): unknown => {
  const named = { ...machine, name: 'it' };
  const running = boot(named, { drivers: [intelVtd()] });
  return {
    groups: groupsReport(running),
    check: check(running),
    observed: machine.observed,
    order: machine.pci?.order,
  };
};

/** A dump redacted, an archive as an archive. */
export const redactedBytes = async (dump: Uint8Array): Promise<Uint8Array> => {
  const redacted = await redactBytes(dump);
  return redacted.kind === 'file' ? redacted.bytes : entriesToTar(redacted.entries);
};
