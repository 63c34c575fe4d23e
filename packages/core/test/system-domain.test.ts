import { describe, expect, test } from 'vitest';
import type { BoundDriver, Kernel } from '../src/index.js';
import { machine, type ToyKernel, toyDriver } from './support/toy.js';

const typeOf = (kernel: ToyKernel, driver: Partial<Pick<BoundDriver, 'forcesStrict' | 'systemDomain'>> = {}) =>
  machine({ devices: [], drivers: [toyDriver({ units: {}, ...driver })], ...kernel }).systemType;

describe('configuration', () => {
  test.each([
    ['lazy', 'DMA-FQ'],
    ['strict', 'DMA'],
    ['passthrough', 'identity'],
  ] as const satisfies [Kernel['defaultDomain'], string][])('%s gives %s', (defaultDomain, type) => {
    expect(typeOf({ defaultDomain })).toBe(type);
  });
});

describe('command line', () => {
  test.each([
    ['iommu.passthrough=1', 'lazy', 'identity'],
    ['iommu.passthrough=0', 'passthrough', 'DMA-FQ'],
    ['iommu.strict=1', 'lazy', 'DMA'],
    ['iommu.strict=0', 'strict', 'DMA-FQ'],
    ['iommu=pt', 'lazy', 'identity'],
    ['iommu=nopt', 'passthrough', 'DMA-FQ'],
    ['iommu.passthrough=1 iommu.strict=1', 'lazy', 'identity'],
    ['iommu=soft,pt,noforce', 'lazy', 'identity'],
    ['iommu=pt,nopt', 'lazy', 'DMA-FQ'],
    ['iommu=nopt,pt', 'lazy', 'identity'],
    ['iommu=pt,xpt', 'lazy', 'identity'],
    ['iommu=force', 'lazy', 'DMA-FQ'],
    ['intel_iommu=pt', 'lazy', 'DMA-FQ'],
    ['iommu', 'lazy', 'DMA-FQ'],
    ['iommu.passthrough', 'lazy', 'DMA-FQ'],
    ['passthrough=1 xiommu.passthrough=1', 'lazy', 'DMA-FQ'],
  ] as const)('%s over %s gives %s', (line, defaultDomain, type) => {
    expect(typeOf({ line, defaultDomain })).toBe(type);
  });

  test('lets the last word win', () => {
    expect(typeOf({ line: 'iommu=pt iommu.passthrough=0' })).toBe('DMA-FQ');
    expect(typeOf({ line: 'iommu.passthrough=0 iommu=pt' })).toBe('identity');
    expect(typeOf({ line: 'iommu.strict=1 iommu.strict=0' })).toBe('DMA-FQ');
  });

  test('heeds iommu= on x86 only', () => {
    expect(typeOf({ line: 'iommu=pt', arch: 'arm64' })).toBe('DMA-FQ');
    expect(typeOf({ line: 'iommu.passthrough=1', arch: 'arm64' })).toBe('identity');
  });

  test.each(['1', 'y', 'Y', 't', 'T', 'yes', 'true', 'on', 'oN', 'On', 'ON', '10'])('takes %s for yes', (word) => {
    expect(typeOf({ line: `iommu.passthrough=${word}` })).toBe('identity');
  });

  test.each(['0', 'n', 'N', 'f', 'F', 'no', 'false', 'of', 'oF', 'off', 'Off', 'OFF'])('takes %s for no', (word) => {
    expect(typeOf({ line: `iommu.passthrough=${word}`, defaultDomain: 'passthrough' })).toBe('DMA-FQ');
  });

  test.each(['', '2', 'o', 'ok', 'x1', '-1'])('ignores the value "%s", which is neither', (word) => {
    expect(typeOf({ line: `iommu.passthrough=${word}` })).toBe('DMA-FQ');
    expect(typeOf({ line: `iommu.passthrough=${word}`, defaultDomain: 'passthrough' })).toBe('identity');
  });
});

describe('drivers', () => {
  test('one that forces strict flushing makes translated devices strict', () => {
    expect(typeOf({}, { forcesStrict: true })).toBe('DMA');
    expect(typeOf({ line: 'iommu.strict=0' }, { forcesStrict: true })).toBe('DMA');
  });

  test('one that forces strict flushing does not end passthrough', () => {
    expect(typeOf({ line: 'iommu=pt' }, { forcesStrict: true })).toBe('identity');
  });

  test('one that does not force it leaves the configuration alone', () => {
    expect(typeOf({}, { forcesStrict: false })).toBe('DMA-FQ');
  });

  test.each([
    [{ forcesStrict: true }, 'DMA'],
    [{ systemDomain: 'identity' }, 'identity'],
  ] as const)('one of several is enough: %j', (wish, type) => {
    const drivers = [toyDriver({ name: 'other', units: {} }), toyDriver({ units: {}, ...wish })];
    expect(machine({ devices: [], drivers }).systemType).toBe(type);
  });

  test('one that asks for identity makes it the choice of the system', () => {
    expect(typeOf({ defaultDomain: 'strict' }, { systemDomain: 'identity' })).toBe('identity');
  });
});

test('a kernel that knows no DMA-FQ has DMA in its place', () => {
  const rules = { 'domain-type-fq': 'no' };
  expect(typeOf({ rules })).toBe('DMA');
  expect(typeOf({ rules, line: 'iommu=pt' })).toBe('identity');
});
