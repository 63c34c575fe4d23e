import { endpoint, layOut, rootPort } from '@iommu/machine/build';
import { PciDevice } from '@iommu/pci';
import { afterEach, expect, test, vi } from 'vitest';
import { nodeAt, type SysfsDirectory } from '../../src/index.js';
import { start } from '../support/machines.js';

const PORTS = 28;
const { tree } = start({
  schema: 1,
  pci: layOut(
    Array.from({ length: 20 }, (_, segment) => ({
      segment,
      devices: Array.from({ length: PORTS }, () => rootPort({ id: '8086:1901' }, [endpoint({ id: '10de:2684' })])),
    })),
  ),
});

/** How often any function was looked at. */
const looks = vi.spyOn(PciDevice.prototype, 'name', 'get');

afterEach(() => looks.mockClear());

const devices = nodeAt(tree.root, 'bus/pci/devices') as SysfsDirectory;

test('the first name of a directory looks at the first entry only', () => {
  const [first] = devices.names();
  expect(first).toBe('0000:00:00.0');
  expect(looks.mock.calls.length).toBeLessThanOrEqual(2);
});

test('an entry is found without looking at the others', () => {
  for (const path of [
    'bus/pci/devices/0013:1c:00.0',
    'devices/pci0013:00/0013:00:1b.0/0013:1c:00.0',
    'class/pci_bus/0013:1c',
  ])
    expect(nodeAt(tree.root, path)).toBeDefined();
  // The names of those on the way and of the target, some of them more than once.
  expect(looks.mock.calls.length).toBeLessThan(40);
});

test('the top and its directories look at nothing', () => {
  expect([...tree.root.names()]).toEqual(['bus', 'class', 'devices', 'firmware', 'kernel', 'module']);
  for (const name of tree.root.names()) expect([...(tree.root.child(name) as SysfsDirectory).names()]).toBeDefined();
  expect(looks).not.toHaveBeenCalled();
});
