// A dock comes, goes and comes again: what happens, and which ids its devices get.
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { dockFunctions, laptop } from './machine.mjs';

const running = boot(laptop(), { drivers: [intelVtd()] });
const groups = () =>
  [...running.iommu.groups]
    .sort((a, b) => a.id - b.id)
    .map(({ id, type, devices }) => `  ${id}: ${devices.map(({ name }) => name).join(' ')} (${type})`)
    .join('\n');
console.log(`${running.machine.name}\n\nat boot\n${groups()}`);

/** What happens while something is done. */
const told = (title, act) => {
  console.log(`\n${title}`);
  const stop = running.on(({ type, device, group, driver }) => {
    const what = [device?.name, driver, group && `group ${group.id}`].filter(Boolean).join(', ');
    if (/^(device|group|driver-(un)?bound)/.test(type)) console.log(`  ${type}: ${what}`);
  });
  act();
  stop();
};

const dock = dockFunctions();
told('the dock is plugged in', () => running.plug(dock));
console.log(`\nwith the dock\n${groups()}`);
told('and unplugged', () => running.unplug(dock[0].address));

const [disk] = dock.slice(-1);
const port = dock.find(({ address }) => address === disk.parent);
told('another dock, with a disk only', () => running.plug([dock[0], port, disk]));
console.log(`\nits devices get the ids that were freed\n${groups()}`);
