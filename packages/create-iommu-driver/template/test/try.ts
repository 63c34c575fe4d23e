import { writeFileSync } from 'node:fs';
import { boot } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import toyIommu from '../src/index.js';
import { board } from './board.js';

const running = boot(board, { drivers: [toyIommu()] });
for (const { id, devices } of running.iommu.groups) console.log(id, devices.map(({ name }) => name).join(' '));
for (const name of ['01:00.1', '02:00.0', '80:00.0']) {
  for (const { text } of running.outcomeOf(running.device(name)).reasons) console.log(`${name}: ${text}`);
}
writeFileSync('board.json', JSON.stringify(machineToJson(board)));
