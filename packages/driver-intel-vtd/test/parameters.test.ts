import { describe, expect, test } from 'vitest';
import { fakeKernel } from '../../../tests/support/fake-kernel.js';
import { vtdParameters } from '../src/parameters.js';
import { allDrhd, dmar, dmarWith } from './support/dmar.js';
import { bind, boot, fn, type MachineSketch, ownerOf } from './support/platform.js';

const OFF = { rules: { 'vtd-default': 'off' } };
const parameters = (commandLine: string, more: Parameters<typeof fakeKernel>[0] = {}) =>
  vtdParameters(fakeKernel({ ...more, commandLine }));

describe('VT-d is', () => {
  test.each([
    ['on by default', '', true],
    ['on with intel_iommu=on', 'intel_iommu=on', true],
    ['off with intel_iommu=off', 'intel_iommu=off', false],
    ['off with iommu=off', 'iommu=off', false],
    ['off with iommu=off even if intel_iommu=on follows', 'iommu=off intel_iommu=on', false],
    ['off with off among other words of iommu=', 'iommu=pt,off', false],
    ['on with another word of iommu=', 'iommu=pt', true],
    ['on when on comes last', 'intel_iommu=off intel_iommu=on', true],
    ['off when off comes last', 'intel_iommu=on intel_iommu=off', false],
    ['off when off comes last among the words of one', 'intel_iommu=on,off', false],
    ['on with a word that is not known', 'intel_iommu=maybe', true],
    ['on with the parameter of another vendor', 'amd_iommu=off', true],
    ['off with a longer word that starts with off', 'intel_iommu=off_please', false],
    ['off with a longer word of iommu= that starts with off', 'iommu=off_please', false],
    ['on with a word that only ends with off', 'iommu=soft,turned_off', true],
  ])('%s', (_, commandLine, expected) => {
    expect(parameters(commandLine).enabled).toBe(expected);
  });

  test('off by default where the kernel was built so', () => {
    expect(parameters('', OFF).enabled).toBe(false);
  });

  test.each(['sm_on,on', 'on_please'])('on with intel_iommu=%s where the kernel was built with it off', (words) => {
    expect(parameters(`intel_iommu=${words}`, OFF).enabled).toBe(true);
  });
});

test.each([
  ['intel_iommu=off', '', 'intel_iommu=off'],
  ['iommu=off', 'intel_iommu=on', 'iommu=off'],
])('names %s as what switched it off', (word, others, cause) => {
  expect(parameters(`${others} ${word}`).cause).toBe(cause);
});

test('names the configuration as what switched it off', () => {
  expect(parameters('', OFF).cause).toContain('CONFIG_INTEL_IOMMU_DEFAULT_ON');
});

test.each([
  ['igfxOff', 'intel_iommu=igfx_off', true],
  ['igfxOff', 'intel_iommu=on', false],
  ['strict', 'intel_iommu=on,strict', true],
  ['strict', 'intel_iommu=on', false],
  ['strict', 'intel_iommu=maybe', false],
  ['strict', 'intel_iommu=strict_please', true],
  ['igfxOff', 'intel_iommu=igfx_off_please', true],
  ['scalableMode', 'intel_iommu=sm_off_please', false],
  ['scalableMode', 'intel_iommu=sm_off,sm_on_please', true],
  ['scalableMode', 'intel_iommu=sm_off', false],
  ['scalableMode', 'intel_iommu=sm_off,sm_on', true],
  ['scalableMode', '', true],
  ['optInIgnored', 'intel_iommu=off', true],
  ['optInIgnored', 'iommu=off', false],
] as const)('%s follows from %s: %s', (name, commandLine, expected) => {
  expect(parameters(commandLine)[name]).toBe(expected);
});

const NIC = fn('00:03.0');
const machineWith = (commandLine: string): MachineSketch => ({ dmar: dmar(allDrhd()), functions: [NIC], commandLine });

test('leaves every device without an IOMMU when VT-d is off', () => {
  expect(ownerOf('00:03.0', machineWith('intel_iommu=off'))).toBe('vtd-disabled');
});

test('has no unit when VT-d is off', () => {
  expect(bind(machineWith('intel_iommu=off')).units).toEqual([]);
});

test('does not ask for ACS when VT-d is off', () => {
  expect(bind(machineWith('intel_iommu=off')).busFeatures).toBeUndefined();
});

test('asks for ACS when VT-d is on', () => {
  expect(bind(machineWith('')).busFeatures).toEqual(['pci-acs']);
});

describe('firmware that wants DMA from outside controlled', () => {
  const OPT_IN = 4;
  const outside = fn('00:04.0', { untrusted: true });
  const sketch = { dmar: dmarWith({ flags: OPT_IN }, allDrhd()), functions: [NIC, outside] };

  test.each([
    ['is off by default', OFF],
    ['is off with iommu=off', { commandLine: 'iommu=off' }],
  ])('switches VT-d on where it %s', (_, kernel) => {
    expect(ownerOf('00:03.0', { ...sketch, ...kernel })).toBe('dmar0');
  });

  test('is not heeded with intel_iommu=off', () => {
    expect(ownerOf('00:03.0', { ...sketch, commandLine: 'intel_iommu=off' })).toBe('vtd-disabled');
  });

  test('is not heeded when nothing can come from outside', () => {
    expect(ownerOf('00:03.0', { ...sketch, ...OFF, functions: [NIC] })).toBe('vtd-disabled');
  });

  test('is no other flag of the table', () => {
    expect(ownerOf('00:03.0', { ...sketch, ...OFF, dmar: dmarWith({ flags: 3 }, allDrhd()) })).toBe('vtd-disabled');
  });

  test('leaves other devices untranslated where VT-d was off by default', () => {
    const iommu = boot({ ...sketch, ...OFF });
    expect([...iommu.groups].map(({ devices, type }) => `${devices[0]?.name} ${type}`)).toEqual([
      '0000:00:03.0 identity',
      '0000:00:04.0 DMA',
    ]);
  });

  test('leaves the usual domains where only iommu=off had switched VT-d off', () => {
    expect(boot({ ...sketch, commandLine: 'iommu=off' }).systemType).toBe('DMA-FQ');
  });

  test('changes nothing where VT-d is on anyway', () => {
    expect(boot(sketch).systemType).toBe('DMA-FQ');
  });
});
