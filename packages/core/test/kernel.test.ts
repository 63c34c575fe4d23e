import { expect, test } from 'vitest';
import { bootParameters } from '../src/index.js';
import { kernel } from './support/toy.js';

test('gives the values of a boot parameter in the order of the command line', () => {
  expect(bootParameters(kernel({ line: 'intel_iommu=on quiet intel_iommu=sm_on,off' }), 'intel_iommu')).toEqual([
    'on',
    'sm_on,off',
  ]);
});

test('gives the empty text for a word without a value', () => {
  expect(bootParameters(kernel({ line: 'quiet ro= quiet' }), 'quiet')).toEqual(['', '']);
  expect(bootParameters(kernel({ line: 'quiet ro= quiet' }), 'ro')).toEqual(['']);
});

test('takes hyphens and underscores in a name for the same', () => {
  const line = 'intel-iommu=off arm_smmu-v3.disable_bypass=0';
  expect(bootParameters(kernel({ line }), 'intel_iommu')).toEqual(['off']);
  expect(bootParameters(kernel({ line }), 'arm-smmu-v3.disable-bypass')).toEqual(['0']);
});

test('gives nothing for a parameter that is not there', () => {
  expect(bootParameters(kernel({ line: 'xiommu=pt iommu.strict=1' }), 'iommu')).toEqual([]);
});
