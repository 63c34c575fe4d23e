import { boot } from '@iommu/machine';
import { layOut, rootPort } from '@iommu/machine/build';
import { expect, test } from 'vitest';
import { virtioIommu } from '../src/index.js';
import { card, endpointOf, groupLines, iommu, unitLines } from './support/guest.js';

const run = (segments: Parameters<typeof layOut>[0]) =>
  boot({ schema: 1, kernel: { release: '7.3' }, pci: layOut(segments) }, { drivers: [virtioIommu()] });

test('supposes that all functions are behind the virtio-iommu of a machine without firmware', () => {
  const running = run([
    { devices: [iommu(), rootPort({ slot: 2, acs: true }, [card(0)])] },
    { segment: 3, devices: [card(4)] },
  ]);
  expect(running.assumed).toBe('all functions behind 0000:00:01.0, by ACPI');
  expect(groupLines(running)).toEqual(['0: 00:02.0', '1: 01:00.0', '2: 0003:00:04.0']);
  expect(unitLines(running)).toHaveLength(1);
  expect(endpointOf(running, '01:00.0')).toBe('0000:00:01.0 0x100');
});

test('supposes nothing of a machine without one', () => {
  const running = run([{ devices: [card(2)] }]);
  expect([running.assumed, groupLines(running)]).toEqual([undefined, []]);
});
