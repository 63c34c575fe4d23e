import { describe, expect, test } from 'vitest';
import type { Group, Iommu, ReservedRegionType } from '../src/index.js';
import { codeOf, groupOf, stateOf } from './support/observe.js';
import { boot, device, reason, type ToyDriver, toyDriver } from './support/toy.js';

const [a, b, loner] = [device('a'), device('b'), device('loner')];
const nvme = { name: 'nvme' };
const vfio = { name: 'vfio-pci', managesDma: true };
const [mine, other] = [{ owner: 'mine' }, { owner: 'other' }];

/** `a` and `b` share group 0; `loner` has no IOMMU. */
const start = (region?: ReservedRegionType): Iommu =>
  boot({
    devices: [a, b, loner],
    drivers: [
      toyDriver({
        units: { u: [a, b] },
        together: [a, b],
        reservedRegions: (one) => (region && one === b ? [{ start: 0n, end: 4095n, type: region }] : []),
      }),
    ],
  });

const viable = (iommu: Iommu) => iommu.isViable(groupOf(iommu, a));

/** Refused with this code, and nothing changed. */
const refuses = (iommu: Iommu, code: string, call: () => unknown): void => {
  const before = stateOf(iommu);
  expect(codeOf(call)).toBe(code);
  expect(stateOf(iommu)).toEqual(before);
};

describe('kernel drivers', () => {
  test('any number of them may use the DMA of a group', () => {
    const iommu = start();
    iommu.bindDriver(a, nvme);
    iommu.bindDriver(b, nvme);
    iommu.unbindDriver(a);
    expect(viable(iommu)).toBe(false);
    iommu.unbindDriver(b);
    expect(viable(iommu)).toBe(true);
  });

  test('one that manages DMA itself is no user', () => {
    const iommu = start();
    iommu.bindDriver(a, vfio);
    expect(iommu.kernelDriverOf(a)).toBe('vfio-pci');
    expect(viable(iommu)).toBe(true);
  });

  test('one that manages DMA itself takes no use away as it goes', () => {
    const iommu = start();
    iommu.bindDriver(a, vfio);
    iommu.bindDriver(b, nvme);
    iommu.unbindDriver(a);
    expect(viable(iommu)).toBe(false);
  });

  test('one that does not take the device is not bound, and no user', () => {
    const iommu = start();
    refuses(iommu, 'ERR_REFUSED ENODEV', () => iommu.bindDriver(a, { ...nvme, probe: () => 'ENODEV' }));
    expect(iommu.kernelDriverOf(a)).toBeUndefined();
    expect(viable(iommu)).toBe(true);
  });

  test('one that fails in a way of its own is no user either', () => {
    const iommu = start();
    const probe = () => {
      throw new TypeError('of the driver');
    };
    expect(() => iommu.bindDriver(a, { ...nvme, probe })).toThrow('of the driver');
    expect(iommu.kernelDriverOf(a)).toBeUndefined();
    expect(viable(iommu)).toBe(true);
  });

  test('one that manages DMA itself and does not take the device takes no use away', () => {
    const iommu = start();
    iommu.bindDriver(b, nvme);
    refuses(iommu, 'ERR_REFUSED ENODEV', () => iommu.bindDriver(a, { ...vfio, probe: () => 'ENODEV' }));
    expect(viable(iommu)).toBe(false);
  });

  test('one that goes after its group was emptied takes no use away that there is not', () => {
    const iommu = start();
    const group = groupOf(iommu, a);
    using _held = iommu.groups.get(a);
    iommu.bindDriver(a, nvme);
    for (const member of [a, b]) iommu.groups.leave(member);
    iommu.groups.join(group, a);
    iommu.unbindDriver(a);
    iommu.claimGroup(group, mine);
    expect(viable(iommu)).toBe(true);
  });

  test('one that may not use the DMA is not asked whether it takes the device', () => {
    const iommu = start();
    iommu.claimGroup(groupOf(iommu, a), mine);
    let asked = false;
    const probe = () => {
      asked = true;
      return undefined;
    };
    refuses(iommu, 'ERR_REFUSED EBUSY', () => iommu.bindDriver(b, { ...nvme, probe }));
    iommu.bindDriver(b, { ...vfio, probe });
    expect(asked).toBe(true);
  });

  test('bind to a device without a group', () => {
    const iommu = start();
    iommu.bindDriver(loner, nvme);
    expect(iommu.kernelDriverOf(loner)).toBe('nvme');
  });

  test('EBUSY: a device takes one at a time', () => {
    const iommu = start();
    iommu.bindDriver(a, nvme);
    refuses(iommu, 'ERR_REFUSED EBUSY', () => iommu.bindDriver(a, vfio));
  });

  test('EBUSY: none uses the DMA of a group that an owner claimed', () => {
    const iommu = start();
    iommu.claimGroup(groupOf(iommu, a), mine);
    refuses(iommu, 'ERR_REFUSED EBUSY', () => iommu.bindDriver(a, nvme));
  });

  test('one that manages DMA itself binds though an owner claimed the group', () => {
    const iommu = start();
    iommu.claimGroup(groupOf(iommu, a), mine);
    iommu.bindDriver(b, vfio);
    expect(iommu.kernelDriverOf(b)).toBe('vfio-pci');
  });

  test('EPROBE_DEFER: none uses a group that has no default domain', () => {
    const iommu = start();
    iommu.groups.adopt(iommu.groups.alloc(), loner);
    refuses(iommu, 'ERR_REFUSED EPROBE_DEFER', () => iommu.bindDriver(loner, nvme));
  });

  test('a device without one has none to unbind', () => {
    const iommu = start();
    refuses(iommu, 'ERR_DEVICE_UNKNOWN', () => iommu.unbindDriver(a));
  });
});

describe('claiming a group', () => {
  test('makes it viable for its owner and keeps kernel drivers out until it is released', () => {
    const iommu = start();
    const group = groupOf(iommu, a);
    iommu.claimGroup(group, mine);
    expect(viable(iommu)).toBe(true);
    iommu.releaseGroup(group);
    iommu.bindDriver(a, nvme);
    expect(viable(iommu)).toBe(false);
  });

  test('EPERM: a kernel driver uses its DMA', () => {
    const iommu = start();
    iommu.bindDriver(b, nvme);
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimGroup(groupOf(iommu, a), mine));
  });

  test('EPERM: it is claimed already, be it by the same owner', () => {
    const iommu = start();
    iommu.claimGroup(groupOf(iommu, a), mine);
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimGroup(groupOf(iommu, a), mine));
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimGroup(groupOf(iommu, a), other));
  });

  test('EINVAL: the firmware requires a direct mapping for any member', () => {
    const iommu = start('direct');
    refuses(iommu, 'ERR_REFUSED EINVAL', () => iommu.claimGroup(groupOf(iommu, a), mine));
    refuses(iommu, 'ERR_REFUSED EINVAL', () => iommu.claimDevice(a, mine));
    iommu.bindDriver(a, nvme);
    expect(iommu.kernelDriverOf(a)).toBe('nvme');
  });

  test.each(['direct-relaxable', 'reserved', 'msi', 'sw-msi'] as const)('works beside a %s region', (type) => {
    const iommu = start(type);
    iommu.claimGroup(groupOf(iommu, a), mine);
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimDevice(a, other));
  });

  test.each([undefined, null])('EINVAL: the owner is %s', (nobody) => {
    const iommu = start();
    iommu.bindDriver(b, nvme);
    refuses(iommu, 'ERR_REFUSED EINVAL', () => iommu.claimGroup(groupOf(iommu, a), nobody));
    refuses(iommu, 'ERR_REFUSED EINVAL', () => iommu.claimDevice(a, nobody));
  });

  test('fails on an ended group, as every call about one does', () => {
    const iommu = start();
    const group = iommu.groups.alloc();
    iommu.groups.put(group);
    refuses(iommu, 'ERR_GROUP_ENDED', () => iommu.claimGroup(group, mine));
    refuses(iommu, 'ERR_GROUP_ENDED', () => iommu.releaseGroup(group));
    refuses(iommu, 'ERR_GROUP_ENDED', () => iommu.isViable(group));
    refuses(iommu, 'ERR_GROUP_ENDED', () => iommu.writeType(group, 'DMA'));
  });

  test('ends with the last member: the next may be used by a kernel driver', () => {
    let only: Group | undefined;
    const deviceGroup: ToyDriver['deviceGroup'] = (_, groups) => {
      only = only ? groups.ref(only) : groups.alloc();
      return { group: only, reasons: [reason('only-group')] };
    };
    const iommu = boot({ devices: [a], drivers: [toyDriver({ units: { u: [a, b] }, deviceGroup })] });
    using held = iommu.groups.ref(groupOf(iommu, a));
    iommu.claimGroup(held, mine);
    iommu.removeDevice(a);
    iommu.addDevice(b);
    iommu.bindDriver(b, nvme);
    expect(iommu.isViable(held)).toBe(false);
  });
});

describe('claiming a device', () => {
  test('claims its group; the same owner may claim the other devices, and the last release ends it', () => {
    const iommu = start();
    iommu.claimDevice(a, mine);
    iommu.claimDevice(b, mine);
    iommu.releaseDevice(a);
    refuses(iommu, 'ERR_REFUSED EBUSY', () => iommu.bindDriver(a, nvme));
    iommu.releaseDevice(b);
    iommu.bindDriver(a, nvme);
    expect(viable(iommu)).toBe(false);
  });

  test('EPERM: another owner has the group', () => {
    const iommu = start();
    iommu.claimDevice(a, mine);
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimDevice(b, other));
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimGroup(groupOf(iommu, b), mine));
  });

  test('EPERM: a kernel driver uses the DMA of the group', () => {
    const iommu = start();
    iommu.bindDriver(a, nvme);
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimDevice(b, mine));
  });

  test('ENODEV: it has no group', () => {
    const iommu = start();
    refuses(iommu, 'ERR_REFUSED ENODEV', () => iommu.claimDevice(loner, mine));
  });

  test('is undone whole by a release of the group', () => {
    const iommu = start();
    iommu.claimDevice(a, mine);
    iommu.claimDevice(b, mine);
    iommu.releaseGroup(groupOf(iommu, a));
    iommu.claimDevice(a, other);
    refuses(iommu, 'ERR_REFUSED EPERM', () => iommu.claimDevice(b, mine));
  });
});

describe('a release without a claim', () => {
  test('leaves the use by a kernel driver alone', () => {
    const iommu = start();
    iommu.bindDriver(a, nvme);
    iommu.releaseGroup(groupOf(iommu, a));
    iommu.releaseDevice(a);
    expect(viable(iommu)).toBe(false);
    iommu.unbindDriver(a);
    expect(viable(iommu)).toBe(true);
  });

  test('does nothing for a device without a group', () => {
    const iommu = start();
    const before = stateOf(iommu);
    iommu.releaseDevice(loner);
    expect(stateOf(iommu)).toEqual(before);
  });
});
