import type { PciFunction } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { allDrhd, dmar, drhd, endpointScope } from './support/dmar.js';
import { bind, bindTo, deviceAt, fn, type MachineSketch, machine, ownerOf, unitNames } from './support/platform.js';

const GRAPHICS = fn('00:02.0', { class: '030000', id: '8086:ffff' });
const table = dmar(drhd({ base: 0xfed90000 }, endpointScope('00:02.0')), allDrhd());
const BOTH = ['dmar0', 'dmar1'];
const ALONE = ['dmar1'];

const units = (functions: readonly PciFunction[], more: MachineSketch = {}) =>
  unitNames({ dmar: table, functions, ...more });

describe('a unit that serves graphics only', () => {
  test('works like any other', () => {
    expect(units([GRAPHICS])).toEqual(BOTH);
  });

  test('is not left alone by releases that group what is behind it', () => {
    const kernel = { commandLine: 'intel_iommu=igfx_off', rules: { 'vtd-graphics-off': 'grouped' } };
    expect(units([GRAPHICS], kernel)).not.toEqual(ALONE);
  });

  test('is left alone with intel_iommu=igfx_off', () => {
    expect(units([GRAPHICS], { commandLine: 'intel_iommu=igfx_off' })).toEqual(ALONE);
  });

  test('leaves its graphics without an IOMMU when it is left alone', () => {
    const sketch = { dmar: table, functions: [GRAPHICS], commandLine: 'intel_iommu=igfx_off' };
    expect(ownerOf('00:02.0', sketch)).toBe('unit-ignored-graphics-off');
  });
});

test.each([
  [
    'serves another function too',
    dmar(drhd({ base: 2 }, endpointScope('00:02.0'), endpointScope('00:03.0')), allDrhd()),
  ],
  ['takes all devices', dmar(drhd({ base: 2, segment: 1, all: true }), allDrhd())],
])('does not leave a unit alone with igfx_off that %s', (_, dmarTable) => {
  const functions = [GRAPHICS, fn('00:03.0')];
  expect(units(functions, { dmar: dmarTable, commandLine: 'intel_iommu=igfx_off' })).toEqual(BOTH);
});

describe('quirks switch graphics off as igfx_off does', () => {
  const EARLY = ['2a40', '2e00', '2e10', '2e20', '2e30', '2e40', '2e90', '0044'];
  const BROADWELL = ['160', '161', '162', '163'].flatMap((row) => ['6', 'b', 'e', '2', 'a', 'd'].map((at) => row + at));

  test.each([...EARLY, ...BROADWELL])('for 8086:%s', (id) => {
    expect(units([GRAPHICS, fn('00:00.0', { id: `8086:${id}` })])).toEqual(ALONE);
  });

  test('know 32 devices', () => {
    expect(new Set([...EARLY, ...BROADWELL]).size).toBe(32);
  });

  test.each([
    ['a device not listed', { id: '8086:2a42' }],
    ['a device of another vendor', { id: '1022:2a40' }],
    ['a device from outside', { id: '8086:2a40', untrusted: true }],
    ['a device whose id was not read', { id: '8086' }],
    ['a host bridge that is not known to tell of its memory', { id: '8086:0041', config: new Uint8Array(256) }],
  ])('not for %s', (_, more) => {
    expect(units([GRAPHICS, fn('00:00.0', more)])).toEqual(BOTH);
  });

  test('name the device in the reason', () => {
    const built = machine({ dmar: table, functions: [GRAPHICS, fn('00:00.0', { id: '8086:2a40' })] });
    expect(bindTo(built).unitOf(deviceAt(built, '00:02.0'))).toMatchObject({
      none: { text: expect.stringContaining('0000:00:00.0') },
    });
  });

  test('know Broadwell from 5.4 on', () => {
    const functions = [fn('00:02.0', { class: '030000', id: '8086:1606' })];
    expect([units(functions, { release: '5.3' }), units(functions, { release: '5.4' })]).toEqual([BOTH, ALONE]);
  });
});

describe.each(['0040', '0062', '006a'])('a Calpella host bridge 8086:%s', (id) => {
  /** With the graphics control register at 0x52. */
  const host = (control: number): PciFunction => {
    const config = new Uint8Array(256);
    config[0x52] = control & 0xff;
    config[0x53] = control >> 8;
    return fn('00:00.0', { id: `8086:${id}`, config });
  };
  const WITH_MEMORY = 0x0800;

  test('without memory for VT-d switches graphics off', () => {
    expect(units([GRAPHICS, host(~WITH_MEMORY & 0xffff)])).toEqual(ALONE);
  });

  test('with memory for VT-d leaves graphics on', () => {
    expect(units([GRAPHICS, host(WITH_MEMORY)])).toEqual(BOTH);
  });

  test('with memory for VT-d makes the system strict', () => {
    expect(bind({ dmar: table, functions: [GRAPHICS, host(WITH_MEMORY)] }).forcesStrict).toBe(true);
  });

  test('without memory for VT-d does not make the system strict', () => {
    expect(bind({ dmar: table, functions: [GRAPHICS, host(0)] }).forcesStrict).toBe(false);
  });

  test('of which the register was not read changes nothing', () => {
    expect(units([GRAPHICS, fn('00:00.0', { id: `8086:${id}` })])).toEqual(BOTH);
  });
});
