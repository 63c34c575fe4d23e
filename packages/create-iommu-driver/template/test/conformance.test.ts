import { test } from 'node:test';
import { driverConformance } from '@iommu/driver-testkit';
import toyIommu from '../src/index.js';
import { board } from './board.js';

for (const { title, skip, run } of driverConformance({ driver: toyIommu(), machines: [board] })) {
  (skip === undefined ? test : test.skip)(title, () => run());
}
