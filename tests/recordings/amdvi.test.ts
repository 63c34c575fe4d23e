import { amdVi } from '@iommu/driver-amd-vi';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { expect, test } from 'vitest';
import { describeRecordings } from '../support/recorded-behaviour.js';
import { archives, readRecordings } from '../support/recordings.js';

const categories = ['amdvi', 'rules', 'pairs', 'hotplug'];

const recordings = (await Promise.all(categories.flatMap(archives).map(readRecordings))).flat();
const concerned = recordings.filter(({ expected }) => expected.iommu === 'amd');

test('there are as many recordings as were made', () => {
  expect(concerned.length).toBeGreaterThanOrEqual(38);
});

describeRecordings(concerned, [intelVtd(), amdVi()]);
