import { expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { describeRecordings } from '../support/recorded-behaviour.js';
import { recordedMachines } from '../support/recordings.js';

const categories = ['amdvi', 'rules', 'pairs', 'hotplug', 'asked'];

const concerned = (await recordedMachines(categories)).filter(({ expected }) => expected.iommu === 'amd');

test('there are as many recordings as were made', () => {
  expect(concerned.length).toBeGreaterThanOrEqual(38);
});

describeRecordings(concerned, allDrivers());
