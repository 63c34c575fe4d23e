import type { NodeSketch } from '@iommu/firmware';
import { platformDevice } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { its, madt, msiFrame, processor } from './support/bytes.js';
import { codesOf, guest, regionsOf } from './support/guest.js';
import { hostTree } from './support/tree.js';

const ITS_PAGE = '0x0000000008090000 0x000000000809ffff msi';
const FRAME = '0x0000000008020000 0x0000000008020fff msi';
const SOFTWARE = '0x0000000008000000 0x00000000080fffff msi';

test('on x86 interrupts are written where they always are', () => {
  const running = guest();
  expect(regionsOf(running, '00:02.0')).toEqual(['0x00000000fee00000 0x00000000feefffff msi']);
  expect(codesOf(running)).toEqual([]);
});

describe('on arm64 with ACPI interrupts are written', () => {
  const regions = (table?: Uint8Array) =>
    regionsOf(guest({ arch: 'aarch64', ...(table && { madt: table }) }), '00:02.0');

  test.each([
    ['to the page of the ITS', madt(processor(), msiFrame(0x8020000n), its(0x8080000n)), ITS_PAGE],
    ['to the frame, where there is no ITS', madt(processor(), msiFrame(0x8020000n)), FRAME],
    ['where the kernel chooses, where there is neither', madt(processor()), SOFTWARE],
    ['where the kernel chooses, where the ITS is cut short', madt(its(0x8080000n, 12)), SOFTWARE],
    ['where the kernel chooses, where a structure has no length', madt([15, 0], its(0x8080000n)), SOFTWARE],
    ['where QEMU has its ITS, where the table cannot be read', madt().subarray(0, 20), ITS_PAGE],
  ])('%s', (_, table, line) => {
    expect(regions(table)).toEqual([line]);
  });

  test('where QEMU has its ITS, where the input does not hold the table', () => {
    expect(regions()).toEqual([ITS_PAGE]);
  });

  test('as is supposed, and said', () => {
    expect(codesOf(guest({ arch: 'aarch64' }))).toEqual(['virtio-iommu-regions']);
  });
});

describe('on arm64 with a device tree interrupts are written', () => {
  const gic = (compatible: string, reg: readonly number[], more: NodeSketch['properties'] = {}): NodeSketch => ({
    properties: { compatible, reg, ...more },
  });
  const regions = (nodes: NonNullable<NodeSketch['nodes']>) =>
    regionsOf(guest({ arch: 'aarch64', viot: null, tree: hostTree({}, nodes) }), '00:02.0');
  const frame = gic('arm,gic-v2m-frame', [0x8020000, 0x1000]);

  test('to the page of the ITS', () => {
    expect(regions({ 'v2m@8020000': frame, 'its@8080000': gic('arm,gic-v3-its', [0x8080000, 0x20000]) })).toEqual([
      ITS_PAGE,
    ]);
  });

  test('to the frame, where there is no ITS or it is switched off', () => {
    const off = gic('arm,gic-v3-its', [0x8080000, 0x20000], { status: 'disabled' });
    expect(regions({ 'v2m@8020000': frame, 'its@8080000': off })).toEqual([FRAME]);
  });

  test('where the kernel chooses, where there is neither', () => {
    expect(regions({})).toEqual([SOFTWARE]);
  });
});

test('elsewhere they are written where the kernel chooses', () => {
  expect(regionsOf(guest({ arch: 'riscv64' }), '00:02.0')).toEqual([SOFTWARE]);
});

describe('memory that a device tree reserves', () => {
  const nodes: NodeSketch['nodes'] = {
    'display@1000': { properties: { reg: [0x1000, 0x100], iommus: [1, 7], 'memory-region': [5], phandle: [6] } },
    'splash@80000000': {
      properties: { phandle: [5], reg: [0x80000000, 0x1000], 'iommu-addresses': [6, 0x80000000, 0x1000] },
    },
  };
  const regions = (kernel: string) =>
    regionsOf(
      guest({
        arch: 'aarch64',
        kernel,
        viot: null,
        tree: hostTree({}, nodes),
        platform: [platformDevice('1000.display')],
        machine: { probes: { order: [{ device: '1000.display', driver: 'any' }], complete: true } },
      }),
      '1000.display',
    );

  test('is kept one to one', () => {
    expect(regions('7.3')).toEqual([SOFTWARE, '0x0000000080000000 0x0000000080000fff direct']);
  });

  test('is not looked at before 6.3', () => {
    expect(regions('6.2')).toEqual([SOFTWARE]);
  });
});
