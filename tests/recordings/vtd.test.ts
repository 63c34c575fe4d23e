import { expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { describeRecordings } from '../support/recorded-behaviour.js';
import { recordedMachines } from '../support/recordings.js';

const categories = ['vtd', 'rules', 'pairs', 'hotplug', 'asked'];
/** Recordings of hot-plug show the machine after the last step; what boot gave is checked by replaying them. */
const replayed = /^hotplug\/hotplug-(?:multifunction|qmp|remove)/;

const concerned = (await recordedMachines(categories)).filter(
  ({ expected, name }) => ['intel', 'none'].includes(expected.iommu) && !replayed.test(name),
);

test('there are as many recordings as were made', () => {
  expect(concerned.length).toBeGreaterThanOrEqual(99);
});

describeRecordings(concerned, allDrivers());
