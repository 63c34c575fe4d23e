import { isIommuError } from '@iommu/core';
import { intelVtd, writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type MachinePciFunction } from '@iommu/machine';
import { expect, test } from 'vitest';
import { ansibleFact, deviceRecords, nodeDevices, toDot, toMermaid, toNfdFeatures, toSvg } from '../src/index.js';

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** Conventional buses below one bridge, full of devices. */
const crowd = (count: number): MachinePciFunction[] => [
  {
    address: '0000:00:01.0',
    parent: null,
    class: '060400',
    headerType: 1,
    express: null,
    secondaryBus: 1,
    subordinateBus: 16,
  },
  ...Array.from({ length: count }, (_, at) => ({
    address: `0000:${hex(1 + (at >> 8))}:${hex((at & 0xff) >> 3)}.${at & 7}`,
    parent: '0000:00:01.0',
    id: '1102:0004',
    class: '040100',
    express: null,
    acs: null,
    multifunction: true,
    headerType: 0,
  })),
];

const booted = (count: number) =>
  boot(
    {
      schema: 1,
      firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
      pci: { functions: crowd(count) },
    },
    { drivers: [intelVtd()] },
  );

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return isIommuError(error) ? error.code : String(error);
  }
};

test('what each device would list whole is refused in a group of thousands, what is drawn once is drawn', () => {
  const running = booted(2400);
  const [group] = running.iommu.groups;
  expect(group?.devices.length).toBeGreaterThan(2000);
  for (const write of [deviceRecords, ansibleFact, nodeDevices])
    expect(codeOf(() => write(running))).toBe('ERR_EXPORT_SIZE');
  for (const draw of [toDot, toMermaid, toSvg]) expect(draw(running)).toContain('group 0');
  expect(toNfdFeatures(running)).toContain('iommu-groups.shared-0401_1102=2400');
});

test('a group of hundreds is written', () => {
  const running = booted(300);
  expect(deviceRecords(running)[1]?.groupDevices).toHaveLength(301);
  expect(nodeDevices(running)).toHaveLength(300);
});
