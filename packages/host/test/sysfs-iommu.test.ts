import { expect, test } from 'vitest';
import { readSysfsGroups, readSysfsUnits } from '../src/sysfs-iommu.js';
import { memoryTree } from './support/trees.js';

const intel = 'devices/virtual/iommu/dmar0/intel-iommu';
const amd = 'devices/pci0000:00/0000:00:00.2/iommu/ivhd0';

test('reads the registers of VT-d units', () => {
  const tree = memoryTree({
    [`${intel}/address`]: 'fed90000\n',
    [`${intel}/cap`]: 'd2008c222f0606\n',
    [`${intel}/ecap`]: 'f00f4a\n',
    [`${intel}/version`]: '4:0\n',
    'class/iommu/dmar0': { link: '../../devices/virtual/iommu/dmar0' },
  });
  expect(readSysfsUnits(tree)).toEqual([
    {
      name: 'dmar0',
      address: '0xfed90000',
      registers: { version: '0x40', cap: '0xd2008c222f0606', ecap: '0xf00f4a' },
    },
  ]);
});

test('reads units that only the directory of virtual devices shows', () => {
  expect(readSysfsUnits(memoryTree({ [`${intel}/cap`]: '1\n' }))).toEqual([
    { name: 'dmar0', registers: { cap: '0x1' } },
  ]);
});

test('reads the registers of AMD-Vi units, with one feature register or two', () => {
  const tree = memoryTree({
    [`${amd}/amd-iommu/cap`]: '190b640f\n',
    [`${amd}/amd-iommu/features`]: '246577efa2054ada:0\n',
    'devices/pci0000:40/0000:40:00.2/iommu/ivhd1/amd-iommu/features': '58f77ef22294ade\n',
    'class/iommu/ivhd0': { link: `../../${amd}` },
    'class/iommu/ivhd1': { link: '../../devices/pci0000:40/0000:40:00.2/iommu/ivhd1' },
  });
  expect(readSysfsUnits(tree)).toEqual([
    { name: 'ivhd0', registers: { cap: '0x190b640f', efr: '0x246577efa2054ada', efr2: '0x0' } },
    { name: 'ivhd1', registers: { efr: '0x58f77ef22294ade' } },
  ]);
});

test('finds a unit in the folder of the function that it is, and follows no link of a function behind it', () => {
  const tree = memoryTree({
    [`${amd}/amd-iommu/cap`]: '190b640f\n',
    'devices/pci0000:00/0000:00:01.0/iommu': { link: `../0000:00:00.2/iommu/ivhd0` },
  });
  const paths = [
    'devices/pci0000:00/0000:00:00.2',
    'devices/pci0000:00/0000:00:01.0',
    'devices/pci0000:00/0000:00:02.0',
  ];
  expect(readSysfsUnits(tree, paths)).toEqual([{ name: 'ivhd0', registers: { cap: '0x190b640f' } }]);
});

test.each([
  ['5.10.0', '29d3', { efr: '0x29d3' }],
  ['6.1.0', '0:29d3', { efr: '0x29d3', efr2: '0x0' }],
  ['6.1.0', '29d3', { efr: '0x29d3' }],
  ['7.3.4', '29d3:0', { efr: '0x29d3', efr2: '0x0' }],
])('reads the features of an AMD-Vi unit as release %s prints them: %s', (release, text, registers) => {
  const tree = memoryTree({ [`${amd}/amd-iommu/features`]: `${text}\n` });
  expect(readSysfsUnits(tree, ['devices/pci0000:00/0000:00:00.2'], { release })).toEqual([
    { name: 'ivhd0', registers },
  ]);
});

test('leaves out a unit that shows no registers', () => {
  const link = { link: '../../devices/platform/arm-smmu-v3.0.auto/iommu/smmu3.0x0000000009050000' };
  expect(readSysfsUnits(memoryTree({ 'class/iommu/smmu3.0x0000000009050000': link }))).toEqual([]);
});

test.each(['', 'xyz', '0x1', '12345678901234567'])('leaves out a register that reads %j', (text) => {
  expect(readSysfsUnits(memoryTree({ [`${intel}/cap`]: text, [`${intel}/ecap`]: '1' }))[0]?.registers).toEqual({
    ecap: '0x1',
  });
});

const groups = 'kernel/iommu_groups';

test('reads groups with their files', () => {
  const tree = memoryTree({
    [`${groups}/10/devices/0000:00:1f.3`]: { link: '' },
    [`${groups}/10/devices/0000:00:1f.0`]: { link: '' },
    [`${groups}/10/type`]: 'DMA-FQ\n',
    [`${groups}/10/reserved_regions`]: '0x0 0xffffff direct\n0xfee00000 0xfeefffff msi\n',
    [`${groups}/2/devices/0000:00:02.0`]: { link: '' },
    [`${groups}/2/name`]: 'graphics\n',
    [`${groups}/odd/devices/x`]: '',
    'class/iommu/dmar1': { link: '' },
    'class/iommu/dmar0': { link: '' },
  });
  expect(readSysfsGroups(tree, [])).toEqual({
    source: 'sysfs',
    groups: [
      { id: 2, devices: ['0000:00:02.0'], name: 'graphics' },
      {
        id: 10,
        devices: ['0000:00:1f.0', '0000:00:1f.3'],
        type: 'DMA-FQ',
        reservedRegions: ['0x0 0xffffff direct', '0xfee00000 0xfeefffff msi'],
      },
    ],
    units: ['dmar0', 'dmar1'],
  });
});

test('reads groups of the links of devices where the groups themselves were not recorded', () => {
  const tree = memoryTree({
    'd/a/iommu_group': { link: '../../kernel/iommu_groups/3' },
    'd/b/iommu_group': { link: '../../kernel/iommu_groups/1' },
    'd/c/iommu_group': { link: '../../kernel/iommu_groups/3' },
    'd/e/iommu_group': { link: '../../kernel/iommu_groups/noiommu-0' },
  });
  const places = ['a', 'b', 'c', 'e', 'f'].map((name) => [name, `d/${name}`] as const);
  expect(readSysfsGroups(tree, places)).toEqual({
    source: 'sysfs',
    groups: [
      { id: 1, devices: ['b'] },
      { id: 3, devices: ['a', 'c'] },
    ],
  });
});

test('tells no groups from nothing known of groups', () => {
  const none = memoryTree({});
  none.addDirectory(groups);
  expect([readSysfsGroups(none, []), readSysfsGroups(memoryTree({ 'kernel/mm/x': '' }), [])]).toEqual([
    { source: 'sysfs', groups: [] },
    undefined,
  ]);
});
