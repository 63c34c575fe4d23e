// 256 virtual functions on two segments: a group each, and what /sys says of one.
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { nodeAt, sysfsOf } from '@iommu/sysfs';
import { server } from './machine.mjs';

const running = boot(server(), { drivers: [intelVtd()] });
const sys = sysfsOf(running).root;
const list = (path) => [...nodeAt(sys, path).names()];
console.log(running.machine.name);

const functions = list('bus/pci/devices');
const virtual = functions.filter((name) =>
  nodeAt(sys, `${nodeAt(sys, `bus/pci/devices/${name}`).target.replaceAll('../', '')}/physfn`),
);
console.log(
  `${functions.length} functions, ${virtual.length} of them virtual, in ${list('kernel/iommu_groups').length} groups`,
);
for (const unit of list('class/iommu'))
  console.log(`${unit}: ${list(`devices/virtual/iommu/${unit}/devices`).length} functions`);

for (const address of ['0000:01:01.0', '0001:01:10.7']) {
  const { path } = running.device(address);
  console.log(`\n/sys/devices/${path}`);
  for (const name of ['physfn', 'iommu', 'iommu_group'])
    console.log(`  ${name} -> ${nodeAt(sys, `devices/${path}/${name}`).target}`);
}

const [reason] = running.outcomeOf(running.device('0000:01:01.0')).reasons;
console.log(`\n${reason.text}`);
