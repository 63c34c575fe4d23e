// Why does the graphics card share a group with the disk, and what can be done about it?
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { workstation } from './machine.mjs';

const card = '10de:2684';

/** The members of the card's group, with drivers, and why. */
const look = (title, running) => {
  const gpu = running.devices.find(({ description }) => description.id === card);
  const { group, reasons } = running.outcomeOf(gpu);
  console.log(`${title}\n  group ${group.id}:`);
  for (const { name, description } of group.devices)
    console.log(`    ${name} ${description.label ?? 'PCI bridge'} (${description.driver ?? 'no driver'})`);
  for (const reason of reasons) console.log(`  ${reason.text}`);
  return group.devices.filter(({ name }) => name.slice(0, -1) !== gpu.name.slice(0, -1));
};

const booted = (slot, options) => boot(workstation(slot), { drivers: [intelVtd()], ...options });
const machine = booted('processor');
console.log(`${machine.machine.name}\n`);

const strangers = look('The card beside the processor', machine).filter(({ isBridge }) => !isBridge);
console.log(`\n  To pass the card through, ${strangers.map(({ name }) => name).join(', ')} would have to go with it.`);

look('\nThe same card in a slot of the chipset', booted('chipset'));

const overridden = booted('processor', { policy: 'acs-override=downstream' });
look('\nWith the patch pcie_acs_override=downstream', overridden);
for (const { severity, message } of overridden.diagnostics) if (severity === 'warning') console.log(`\n  ${message}`);
