// Two cards behind a conventional bridge: the group that the kernel's documentation of VFIO shows.
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { nodeAt, sysfsOf } from '@iommu/sysfs';
import { box } from './machine.mjs';

const running = boot(box(), { drivers: [intelVtd()] });
const sys = sysfsOf(running).root;
const card = running.device('0000:06:0d.0');
console.log(`${running.machine.name}\n`);

console.log(`$ readlink /sys/bus/pci/devices/${card.name}/iommu_group`);
const { target } = nodeAt(sys, `devices/${card.path}/iommu_group`);
console.log(`${target}\n`);

console.log(`$ ls -l /sys/bus/pci/devices/${card.name}/iommu_group/devices`);
console.log('total 0');
const members = nodeAt(sys, `${target.replaceAll('../', '')}/devices`);
// The model knows of no moment and no security label; these are those of the documentation.
for (const name of [...members.names()].sort())
  console.log(`lrwxrwxrwx. 1 root root 0 Apr 23 16:13 ${name} -> ${members.child(name).target}`);

console.log();
for (const { name } of running.outcomeOf(card).group.devices)
  for (const { text } of running.outcomeOf(running.device(name)).reasons) console.log(text);
