// The groups of a recorded machine as the command prints them, and why two of its devices share one.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { readMachine } from '@iommu/host';
import { boot } from '@iommu/machine';

const recording = 'fixtures/recorded/vtd/intel-003.tar.gz';
const path = fileURLToPath(new URL(`../../${recording}`, import.meta.url));
const iommu = createRequire(import.meta.url)
  .resolve('@iommu/cli/package.json')
  .replace('package.json', 'bin/iommu.js');

console.log(`$ iommu groups -i ${recording}\n`);
const { status } = spawnSync(process.execPath, [iommu, 'groups', '-i', path], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

const machine = await readMachine(path);
const running = boot(machine, { drivers: [intelVtd()] });
const pair = ['0000:02:03.0', '0000:02:04.0'].map((address) => running.device(address));
console.log(
  `\nWhy do ${pair.map(({ name }) => name).join(' and ')} share group ${running.outcomeOf(pair[0]).group?.id}?`,
);
for (const device of pair) {
  for (const reason of running.outcomeOf(device).reasons) console.log(`  - ${reason.text} (${reason.source})`);
}

console.log(`
Your own machine:
  sudo lspci -vvvnn > my.txt                  take a dump; without root the deciding bits are unreadable
  ./node_modules/.bin/iommu groups my.txt     list its groups
  ./node_modules/.bin/iommu check my.txt      compare them with those that your kernel formed`);
