// Which SMMU has which device, and who is in which group.
import { smmu } from '@iommu/driver-smmu';
import { boot } from '@iommu/machine';
import { nodeAt, sysfsOf } from '@iommu/sysfs';
import { armServer } from './machine.mjs';

const running = boot(armServer(), { drivers: [smmu()] });
const sys = sysfsOf(running).root;
console.log(running.machine.name);

for (const unit of nodeAt(sys, 'class/iommu').names()) {
  const { target } = nodeAt(sys, `class/iommu/${unit}`);
  console.log(`\n/sys/class/iommu/${unit} -> ${target}`);
  for (const device of nodeAt(sys, `${target.replaceAll('../', '')}/devices`).names()) {
    const { group, reasons } = running.outcomeOf(running.device(device));
    console.log(`  group ${group.id}  ${device.padEnd(16)} ${reasons[0].text}`);
  }
}

const members = nodeAt(sys, 'kernel/iommu_groups/0/devices');
for (const name of members.names())
  console.log(`\n/sys/kernel/iommu_groups/0/devices/${name} -> ${members.child(name).target}`);
