import { expect, test } from 'vitest';
import { confirmPairs } from '../support/explanations.js';
import { machineOf, recordedMachines } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { sampled } from '../support/sweep.js';

const categories = ['vtd', 'amdvi', 'smmuv3', 'virtio-iommu', 'rules', 'pairs', 'asked', 'hotplug'];
const recordings = await recordedMachines(categories);

test('there are as many recordings as were made', () => {
  expect(recordings.length).toBeGreaterThanOrEqual(190);
});

test.each(sampled(recordings, 16))(
  '$name: each pair hangs together, or is kept apart, by what the model says',
  { timeout: 300_000 },
  ({ tree }) => confirmPairs(machineOf(strip(tree)), (pairs) => sampled(pairs, 30)),
);
