import type { NodeSketch } from '@iommu/firmware';
import { describe, expect, test } from 'vitest';
import {
  iort,
  iortWith,
  itsGroup,
  type MappingSketch,
  madt,
  namedComponent,
  PLAIN,
  rmr,
  rootComplex,
  smmuV2,
  smmuV3,
} from './support/iort.js';
import { bindTo, boot, deviceAt, fn, MSI, machine, node, regionsOf } from './support/platform.js';

const NIC = fn('00:03.0');

test.each([smmuV3(), smmuV2()])('keeps a window for interrupts', (unit) => {
  const iommu = boot({ iort: iort(unit, rootComplex(0, { to: 0 })), functions: [NIC] });
  expect(regionsOf(iommu, '00:03.0')).toEqual([MSI]);
});

test('keeps it for a device that has claimed nothing yet', () => {
  const built = machine({ iort: PLAIN, functions: [NIC] });
  expect(bindTo(built).reservedRegions(deviceAt(built, '00:03.0'))).toHaveLength(1);
});

describe('memory ranges of the IORT', () => {
  const to = (count: number, output = 0x18): MappingSketch => ({ output, count, to: 0 });
  const regions = (mapping: MappingSketch, more: { remap?: boolean; revision?: number; release?: string } = {}) => {
    const { remap = false, revision = 6, ...kernel } = more;
    const range = rmr([[0x80000000n, 0x10000n]], remap, mapping);
    const table = iortWith({ revision }, smmuV3(), rootComplex(0, { to: 0 }), range);
    return regionsOf(boot({ iort: table, functions: [NIC], ...kernel }), '00:03.0').filter((line) => line !== MSI);
  };
  const DIRECT = '0x0000000080000000 0x000000008000ffff direct';

  test('are mapped one to one for the devices whose ids they name', () => {
    expect(regions(to(0))).toEqual([DIRECT]);
    expect(regions(to(8, 0x10))).toEqual([DIRECT]);
  });

  test('are nothing to other devices', () => {
    expect(regions(to(7, 0x10))).toEqual([]);
    expect(regions({ ...to(0), to: 1 })).toEqual([]);
  });

  test('name the ids of one SMMU of several', () => {
    const of = (unit: number): string[] => {
      const range = rmr([[0x80000000n, 0x10000n]], false, { ...to(0), to: unit });
      const table = iort(smmuV3({ base: 1n }), smmuV3({ base: 2n }), rootComplex(0, { to: 1 }), range);
      return regionsOf(boot({ iort: table, functions: [NIC] }), '00:03.0').filter((line) => line !== MSI);
    };
    expect([of(0), of(1)]).toEqual([[], [DIRECT]]);
  });

  test('may be mapped elsewhere when the firmware permits it', () => {
    expect(regions(to(0), { remap: true })).toEqual([`${DIRECT}-relaxable`]);
  });

  test('count from revision 5 of the table and release 6.0 of the kernel on', () => {
    expect(regions(to(0), { revision: 4 })).toEqual([]);
    expect(regions(to(0), { revision: 5, release: '6.0' })).toEqual([DIRECT]);
    expect(regions(to(0), { release: '5.19' })).toEqual([]);
  });

  test('rest, for PCI functions, on something that is not in the input: said once', () => {
    const range = rmr([[0x80000000n, 0x10000n]], false, to(0xff, 0));
    const built = machine({ iort: iort(smmuV3(), rootComplex(0, { to: 0 }), range), functions: [NIC] });
    const bound = bindTo(built);
    const device = deviceAt(built, '00:03.0');
    const found = bound.unitOf(device);
    if (!found || 'none' in found) throw new Error('no unit');
    bound.probeDevice?.(device, found);
    bound.reservedRegions(device);
    bound.reservedRegions(device);
    expect(built.diagnostics.filter(({ code }) => code === 'rmr-boot-configuration')).toHaveLength(1);
  });

  test('are widened to pages unless they are in steps of 64 KiB, and left out when empty', () => {
    const ranges = [
      [0x80000800n, 0x1000n],
      [0x90000000n, 0x2000n],
      [0xa0000000n, 0n],
    ] as const;
    const component = namedComponent('X', { output: 0x18, to: 0, single: true });
    const table = iort(smmuV3(), component, rmr(ranges, false, to(0)));
    expect(regionsOf(boot({ iort: table, nodes: [node('x', 'X')] }), 'x').slice(1)).toEqual([
      '0x0000000080000000 0x0000000080001fff direct',
      '0x0000000090000000 0x0000000090001fff direct',
    ]);
  });

  test('are none without descriptors', () => {
    const table = iort(smmuV3(), rootComplex(0, { to: 0 }), rmr([], false, to(0)));
    expect(regionsOf(boot({ iort: table, functions: [NIC] }), '00:03.0')).toEqual([MSI]);
  });
});

describe('interrupt translation services', () => {
  const PAGE = '0x0000000008090000 0x000000000809ffff msi';
  const regions = (model: number, more: { madt?: Uint8Array; release?: string } = {}, mapping = {}) => {
    const unit = smmuV3({ model, mappings: [{ to: 2, ...mapping }] });
    const table = iort(unit, rootComplex(0, { to: 0 }), itsGroup(4, 9));
    const built = { iort: table, functions: [NIC], madt: madt([4, 0x8080000n]), ...more };
    return regionsOf(boot(built), '00:03.0');
  };

  test('are reached untranslated at a HiSilicon hi161x', () => {
    expect(regions(1)).toEqual([MSI, PAGE]);
  });

  test('are nothing to other models', () => {
    expect(regions(0)).toEqual([MSI]);
    expect(regions(2)).toEqual([MSI]);
  });

  test('are nothing to ids that lead to none', () => {
    expect(regions(1, {}, { input: 0x100 })).toEqual([MSI]);
  });

  test.each([
    ['is not there', undefined, 'madt-unknown'],
    ['contradicts itself', madt([4, 0n]).fill(0, 45, 46), 'madt-invalid'],
    ['is another table', Uint8Array.from(PLAIN), 'madt-invalid'],
  ])('are left out when the MADT %s', (_, table, code) => {
    const unit = smmuV3({ model: 1, mappings: [{ to: 2 }] });
    const sketch = { iort: iort(unit, rootComplex(0, { to: 0 }), itsGroup(4)), functions: [NIC] };
    const built = machine({ ...sketch, ...(table && { madt: table }) });
    const bound = bindTo(built);
    const device = deviceAt(built, '00:03.0');
    const found = bound.unitOf(device);
    if (!found || 'none' in found) throw new Error('no unit');
    bound.probeDevice?.(device, found);
    expect(bound.reservedRegions(device)).toHaveLength(1);
    expect(built.diagnostics.map((one) => one.code)).toEqual([code]);
  });
});

describe('reserved memory of the device tree', () => {
  const regions = (memory: NonNullable<NodeSketch['properties']>, release = '6.12', eth = {}) => {
    const tree: NodeSketch = {
      properties: { '#address-cells': [1], '#size-cells': [1] },
      nodes: {
        'smmuv3@9050000': {
          properties: { compatible: 'arm,smmu-v3', reg: [0x9050000, 0x20000], phandle: [1], '#iommu-cells': [1] },
        },
        'memory@80000000': { properties: { phandle: [5], ...memory } },
        eth: { properties: { phandle: [6], iommus: [1, 1], 'memory-region': [5], ...eth } },
      },
    };
    return regionsOf(boot({ tree, nodes: [node('eth')], release }), 'eth').filter((line) => line !== MSI);
  };
  const DIRECT = '0x0000000080000000 0x0000000080000fff direct';

  test('is one to one where its addresses are the device’s', () => {
    expect(regions({ reg: [0x80000000, 0x1000], 'iommu-addresses': [6, 0x80000000, 0x1000] })).toEqual([DIRECT]);
  });

  test.each([
    ['elsewhere', { reg: [0x80000000, 0x1000], 'iommu-addresses': [6, 0x90000000, 0x1000] }],
    ['of another size', { reg: [0x90000000, 0x2000], 'iommu-addresses': [6, 0x90000000, 0x1000] }],
    ['without memory of its own', { 'iommu-addresses': [6, 0x90000000, 0x1000] }],
  ])('is kept free when it is %s', (_, memory) => {
    expect(regions(memory)).toEqual(['0x0000000090000000 0x0000000090000fff reserved']);
  });

  test.each([
    ['names another device', { 'iommu-addresses': [1, 0x80000000, 0x1000] }],
    ['names no address', {}],
    ['is cut', { 'iommu-addresses': [6, 0x80000000] }],
    ['is empty', { 'iommu-addresses': [6, 0x80000000, 0] }],
  ] as const)('is none when it %s', (_, memory) => {
    expect(regions(memory as never)).toEqual([]);
  });

  test('is not read by kernels before 6.3', () => {
    expect(regions({ reg: [0x80000000, 0x1000], 'iommu-addresses': [6, 0x80000000, 0x1000] }, '6.2')).toEqual([]);
  });

  test('is none when the device names no node', () => {
    expect(regions({ 'iommu-addresses': [6, 0x80000000, 0x1000] }, '6.12', { 'memory-region': [77] })).toEqual([]);
  });
});
