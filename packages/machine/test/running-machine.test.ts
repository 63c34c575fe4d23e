import { type IommuDriver, isIommuError } from '@iommu/core';
import { writeDeviceTree } from '@iommu/firmware';
import { expect, test } from 'vitest';
import { boot } from '../src/boot.js';
import type { Machine } from '../src/machine.js';
import { PORT } from './support/machines.js';
import { toy } from './support/toy.js';

const INTEL = { address: '0000:00:00.0', id: '8086:29c0', class: '060000' };
const AMD = { ...INTEL, id: '1022:1480' };
const none = toy({ unitOf: () => undefined });

const running = (machine: Omit<Machine, 'schema'>, drivers = [none]) => boot({ schema: 1, ...machine }, { drivers });

/** Why the first device has no group. */
const why = (machine: Omit<Machine, 'schema'>, drivers = [none]) => {
  const one = running(machine, drivers);
  const [device] = one.devices;
  return device && one.outcomeOf(device).reasons.map(({ rule, text }) => [rule, text]);
};

const pci = (fn = INTEL) => ({ pci: { functions: [fn] } });

test.each([
  ['DMAR', 'Intel VT-d', '@iommu/driver-intel-vtd'],
  ['IVRS', 'AMD-Vi', '@iommu/driver-amd-vi'],
  ['IORT', 'Arm SMMU', '@iommu/driver-smmu'],
  ['VIOT', 'virtio-iommu', 'iommu-driver-virtio'],
])('names the package for a %s table whose driver is missing', (table, hardware, name) => {
  expect(why({ firmware: { acpi: { [table]: '' } }, ...pci() })).toEqual([
    ['no-driver', `The firmware describes ${hardware}, and no driver for it is installed: install ${name}.`],
  ]);
});

test.each([
  [
    'names the package for',
    writeDeviceTree({ nodes: { a: { properties: { compatible: ['arm,mmu-500'] } } } }),
    'no-driver',
  ],
  [
    'finds nothing in',
    writeDeviceTree({ nodes: { a: { properties: { compatible: 'arm,pl011' } } } }),
    'no-iommu-in-firmware',
  ],
  ['finds nothing in', new Uint8Array(4), 'no-iommu-in-firmware'],
])('%s a device tree', (_, deviceTree, rule) => {
  expect(why({ firmware: { deviceTree }, ...pci() })?.map(([one]) => one)).toEqual([rule]);
});

test.each([
  ['arm,smmu-v3', '@iommu/driver-smmu'],
  ['virtio,pci-iommu', 'iommu-driver-virtio'],
])('names the package for a node of %s in a device tree', (compatible, name) => {
  const deviceTree = writeDeviceTree({ nodes: { a: { properties: { compatible } } } });
  expect(why({ firmware: { deviceTree }, ...pci() })?.[0]?.[1]).toContain(`install ${name}.`);
});

test('names the package that is missing, not one whose driver found nothing of its own', () => {
  const smmu = { ...toy({ name: 'smmu' }), bind: () => undefined };
  const firmware = { acpi: { IORT: '', VIOT: '' } };
  expect(why({ firmware, ...pci() }, [smmu])?.[0]?.[1]).toContain('install iommu-driver-virtio.');
});

test('says that the firmware describes no IOMMU', () => {
  expect(why({ firmware: { acpi: { FACP: '' } }, ...pci() })?.map(([rule]) => rule)).toEqual(['no-iommu-in-firmware']);
});

test.each([
  ['x86_64', 'acpi=off', 'acpi-off'],
  ['x86_64', 'acpi=force acpi=off', 'acpi-off'],
  ['x86_64', 'acpi=off acpi=force', 'no-iommu-in-firmware'],
  ['x86_64', 'acpi=noirq', 'no-iommu-in-firmware'],
  ['aarch64', 'acpi=off', 'no-iommu-in-firmware'],
])('on %s %s leaves firmware out of account, or not: %s', (arch, commandLine, rule) => {
  const kernel = { arch, commandLine };
  expect(why({ kernel, firmware: { acpi: {} }, ...pci() })?.map(([one]) => one)).toEqual([rule]);
});

test('reads no table, and supposes none, where the command line switches ACPI off', () => {
  const kernel = { arch: 'x86_64', commandLine: 'acpi=off' };
  const driver: IommuDriver = {
    ...toy(),
    bind: (platform) => (platform.acpiTable('DMAR') ? toy().bind(platform) : undefined),
    assume: () => ({ acpi: { DMAR: new Uint8Array(36) }, text: 'a table' }),
  };
  const groupsOf = (machine: Omit<Machine, 'schema'>) =>
    boot({ schema: 1, ...machine, ...pci() }, { drivers: [driver] }).iommu.groups.size;
  const firmware = { acpi: { DMAR: '' } };
  expect([groupsOf({}), groupsOf({ kernel }), groupsOf({ firmware }), groupsOf({ kernel, firmware })]).toEqual([
    1, 0, 1, 0,
  ]);
});

test('says so too where the driver for the table is there and found nothing', () => {
  const driver = toy({ name: 'intel-vtd', unitOf: () => undefined });
  expect(why({ firmware: { acpi: { DMAR: '' } }, ...pci() }, [driver])?.map(([rule]) => rule)).toEqual([
    'no-iommu-in-firmware',
  ]);
});

test.each([
  ['Intel machine', pci(), {}, '@iommu/driver-intel-vtd'],
  ['AMD machine', pci(AMD), {}, '@iommu/driver-amd-vi'],
  ['older AMD machine', pci({ ...INTEL, id: '1002:5a14' }), {}, '@iommu/driver-amd-vi'],
  ['Arm machine', pci({ ...INTEL, id: 'f00d:0100' }), { kernel: { arch: 'aarch64' } }, '@iommu/driver-smmu'],
])('names the package that an %s without firmware likely needs', (_, functions, kernel, name) => {
  const [[rule, text = ''] = []] = why({ ...functions, ...kernel }) ?? [];
  expect([rule, text.includes(`install ${name}.`)]).toEqual(['no-driver', true]);
});

test('says that no firmware is in the input where nothing tells what kind of machine it is', () => {
  expect(why(pci({ ...INTEL, id: 'f00d:0100' }))?.map(([rule]) => rule)).toEqual(['no-firmware-in-input']);
});

test('keeps the reasons of a device that a driver knows', () => {
  expect(why(pci(), [toy()])?.map(([rule]) => rule)).toEqual(['isolated']);
});

const ETHERNET = { name: '9040000.ethernet', bus: 'platform', path: 'platform/9040000.ethernet' };

test.each(['0000:00:01.0', '00:01.0', '9040000.ethernet'])('finds the device %s', (name) => {
  const one = running({ devices: [ETHERNET], pci: { functions: [PORT] } });
  expect(one.device(name).name).toMatch(name);
});

test.each([
  ['00:02.0', "no device '00:02.0' on this machine"],
  ['eth0', "no device 'eth0' on this machine; expected an address such as 0000:01:00.0 or a name from sysfs"],
])('says of %s that there is none', (name, message) => {
  let error: unknown;
  try {
    running({}).device(name);
  } catch (thrown) {
    error = thrown;
  }
  expect(isIommuError(error, 'ERR_DEVICE_UNKNOWN') && error.message).toBe(message);
});

test('refuses a second kernel driver for a device', () => {
  const one = running({ pci: { functions: [PORT] } }, [toy()]);
  expect(() => one.bindDriver(one.device('00:01.0'), 'vfio-pci')).toThrow(
    expect.objectContaining({ code: 'ERR_REFUSED', errno: 'EBUSY' }),
  );
});
