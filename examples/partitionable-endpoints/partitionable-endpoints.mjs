import { Iommu } from '@iommu/core';

/** What firmware would tell: the partitionable endpoint of each function. */
const machine = [
  { name: '0000:01:00.0', domain: 0, endpoint: 4 },
  { name: '0000:01:00.1', domain: 0, endpoint: 4 },
  { name: '0001:01:00.0', domain: 1, endpoint: 0xfd },
];
const devices = machine.map((facts) => ({ ...facts, bus: 'pci', path: `pci/${facts.name}` }));

/** One group for each partitionable endpoint, named for it, with a window of addresses for DMA as its data. */
const endpoints = () => ({
  specVersion: 1,
  name: 'partitionable-endpoints',
  bind: () => {
    const groups = new Map();
    const unit = { name: 'pe' };
    return {
      units: [unit],
      unitOf: ({ endpoint }) => ({ unit, ids: [endpoint] }),
      deviceGroup(device, access) {
        const name = `domain${device.domain}-pe${device.endpoint.toString(16)}`;
        const reason = {
          rule: 'partitionable-endpoint',
          text: `${device.name} is part of ${name}.`,
          source: 'iommu_register_group()',
          devices: [device],
        };
        const known = groups.get(name);
        if (known) return { group: access.ref(known), reasons: [reason] };
        const group = access.alloc();
        groups.set(name, group);
        access.setName(group, name);
        access.setData(group, { window: 0x80000000n }, () => {
          groups.delete(name);
          console.log(`${name} has ended`);
        });
        return { group, reasons: [reason] };
      },
      reservedRegions: () => [],
    };
  },
});

const kernel = {
  release: '6.12',
  arch: 'ppc64',
  commandLine: [],
  defaultDomain: 'strict',
  rule: () => undefined,
  has: () => true,
};
const platform = {
  kernel,
  devices,
  units: [],
  deviceTree: undefined,
  acpiTable: () => undefined,
  report: console.log,
};
const iommu = new Iommu({ platform, drivers: [endpoints()] });
iommu.registerUnits();
for (const group of iommu.groups) {
  console.log(group.id, group.name, group.data.window.toString(16), group.devices.map(({ name }) => name).join(' '));
}
iommu.removeDevice(devices[2]);
