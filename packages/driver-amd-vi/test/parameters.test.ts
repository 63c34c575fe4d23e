import { expect, test } from 'vitest';
import { fakeKernel } from '../../../tests/support/fake-kernel.js';
import { amdParameters } from '../src/parameters.js';

const read = (commandLine: string) => amdParameters(fakeKernel({ commandLine }));

test('is on, and asks for nothing, when nothing is said', () => {
  expect(read('quiet')).toEqual({
    off: undefined,
    forced: false,
    forceIsolation: false,
    strict: false,
    memoryEncrypted: false,
  });
});

test.each([
  ['amd_iommu=off', 'amd_iommu=off'],
  ['amd_iommu=fullflush,off', 'amd_iommu=off'],
  ['iommu=off', 'iommu=off'],
  ['iommu=pt,off amd_iommu=off', 'iommu=off'],
  ['intel_iommu=off', undefined],
  ['amd_iommu=on', undefined],
  ['amd_iommu=turned_off iommu=turned_off', undefined],
  ['amd_iommu=off_please', 'amd_iommu=off'],
  ['iommu=off_please', 'iommu=off'],
  ['iommu=pt', undefined],
])('reads from %s what is off', (line, expected) => {
  expect(read(line).off).toBe(expected);
});

test.each([
  ['amd_iommu=force_enable', 'forced'],
  ['amd_iommu=force_isolation', 'forceIsolation'],
  ['amd_iommu=fullflush', 'strict'],
  ['amd_iommu=pgtbl_v2,fullflush', 'strict'],
  ['amd_iommu=pgtbl_v2 amd_iommu=fullflush', 'strict'],
  ['mem_encrypt=on', 'memoryEncrypted'],
] as const)('reads %s, and nothing else in it', (line, member) => {
  expect(read(line)).toEqual({ ...read(''), [member]: true });
});

test('takes the last word on memory encryption', () => {
  expect(read('mem_encrypt=on mem_encrypt=off').memoryEncrypted).toBe(false);
});
