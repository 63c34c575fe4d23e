// A machine of three functions, and the part of its /sys that tells of groups.
import { formatReservedRegion } from '@iommu/core';
import { intelVtd, writeDmar } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { endpoint, integratedEndpoint, layOut, rootPort } from '@iommu/machine/build';
import { nodeAt, sysfsOf, walk } from '@iommu/sysfs';

const machine = {
  schema: 1,
  kernel: { release: '6.12.0', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
  units: [{ name: 'dmar0', address: '0xfed90000', registers: { cap: '0x1c0000c40660462', ecap: '0x29a00f0505e' } }],
  pci: layOut([
    {
      devices: [
        integratedEndpoint({ slot: 2, id: '8086:9a49', class: '030000' }),
        rootPort({ slot: 0x1c, id: '8086:a0b8', acs: true }, [endpoint({ id: '8086:15f3', class: '020000' })]),
      ],
    },
  ]),
};

const running = boot(machine, { drivers: [intelVtd()] });
for (const group of running.iommu.groups) {
  const names = group.devices.map(({ name }) => name).join(' ');
  const regions = running.iommu.reservedRegions(group).map(formatReservedRegion).join(', ');
  console.log(`group ${group.id}: ${names}; reserved: ${regions}`);
}

console.log('\n/sys/kernel/iommu_groups');
for (const [path, node] of walk(nodeAt(sysfsOf(running).root, 'kernel/iommu_groups'))) {
  console.log(`  ${path}${node.kind === 'link' ? ` -> ${node.target}` : node.kind === 'directory' ? '/' : ''}`);
}
