import { boot, type Machine } from '@iommu/machine';
import { rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { virtioIommu } from '../src/index.js';
import {
  card,
  codesOf,
  describeGuest,
  endpointOf,
  groupLines,
  guest,
  iommu,
  textOf,
  unitLines,
} from './support/guest.js';

const typeOf = (kernel: string, commandLine = '') => {
  const running = guest({
    kernel,
    commandLine,
    machine: { probes: { order: [{ device: '0000:00:02.0', driver: 'nvme' }], complete: true } },
  });
  return [...running.iommu.groups].map(({ type }) => type);
};

describe('the domain of a group', () => {
  test.each([
    ['6.7', '', 'DMA'],
    ['6.8', '', 'DMA-FQ'],
    ['7.3', 'iommu.strict=1', 'DMA'],
    ['5.16', 'iommu=pt', 'DMA'],
    ['5.17', 'iommu=pt', 'identity'],
    ['7.3', 'iommu=pt', 'identity'],
  ])('on %s with "%s" is %s', (kernel, commandLine, type) => {
    expect(typeOf(kernel, commandLine)).toEqual([type]);
  });
});

test('groups form when units register, from 6.15 on', () => {
  expect(groupLines(guest({ kernel: '6.15' }))).toEqual(['0: 00:02.0']);
  const running = guest({ kernel: '6.14' });
  expect(groupLines(guest({ kernel: '6.14', machine: { probes: { order: [], complete: true } } }))).toEqual([]);
  expect(running.diagnostics.map(({ code }) => code)).toContain('probes-unknown');
});

test('a kernel before 5.14 does not read the VIOT', () => {
  const running = guest({ kernel: '5.13' });
  expect([groupLines(running), unitLines(running).length]).toEqual([[], 1]);
  expect(textOf(running, '00:02.0')).toBe(
    'The kernel reads the VIOT from 5.14 on: before, no device is behind the virtio-iommu.',
  );
  expect(endpointOf(running, '00:02.0')).toBe('viot-not-read');
  expect(codesOf(running)).toEqual([]);
});

describe('ACS is asked for', () => {
  const devices = [
    iommu(),
    rootPort({ slot: 2, acs: { capability: 'SV RR CR UF', control: '' }, driver: 'pcieport' }, [card(0)]),
  ];
  const order = ['0000:00:02.0', '0000:01:00.0'].map((device) => ({ device, driver: 'any' }));
  const groups = (kernel: string) => {
    const { pci, ...rest } = describeGuest({ devices, kernel, machine: { probes: { order, complete: true } } });
    const machine: Machine = { ...rest, ...(pci && { pci: { ...pci, acsRead: 'before-boot' } }) };
    return groupLines(boot(machine, { drivers: [virtioIommu()] }));
  };

  test('before functions are found where there is a VIOT', () => {
    expect(groups('6.0')).toEqual(['0: 00:02.0', '1: 01:00.0']);
    expect(groups('7.3')).toEqual(['0: 00:02.0', '1: 01:00.0']);
  });

  test('before 6.0 only while they are configured', () => {
    expect(groups('5.19')).toEqual(['0: 00:02.0 01:00.0']);
  });
});
