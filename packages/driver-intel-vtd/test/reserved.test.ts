import type { PciFunction } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { allDrhd, bridgeScope, dmar, endpointScope, rmrr } from './support/dmar.js';
import { bindTo, bridge, deviceAt, fn, type MachineSketch, machine, node } from './support/platform.js';

const USB = fn('00:14.0', { class: '0c0330' });
const NIC = fn('00:03.0');
const ISA = fn('00:1f.0', { class: '060100' });
const MSI = 'fee00000-feefffff msi';
const BEFORE_5_3 = { rules: { 'relaxable-regions': 'direct' } };

/** The regions of a function in the driver's order: `1000-1fff direct`. */
const regions = (
  address: string,
  functions: readonly PciFunction[],
  rmrrs: number[][] = [],
  more: MachineSketch = {},
) => {
  const built = machine({ dmar: dmar(allDrhd(), ...rmrrs), functions, ...more });
  const found = bindTo(built).reservedRegions(deviceAt(built, address));
  return found.map(({ start, end, type }) => `${start.toString(16)}-${end.toString(16)} ${type}`);
};

test('reserves the interrupt window of every function', () => {
  expect(regions('00:03.0', [NIC])).toEqual([MSI]);
});

test('reserves the interrupt window of a device that is no PCI function', () => {
  const built = machine({ dmar: dmar(allDrhd()), functions: [NIC] });
  expect(bindTo(built).reservedRegions(node('\\_SB.I2C0'))).toEqual([
    { start: 0xfee00000n, end: 0xfeefffffn, type: 'msi' },
  ]);
});

describe('a region of firmware', () => {
  const one = rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:03.0'));

  test('is reserved for the function that it names, both ends inclusive, before the interrupt window', () => {
    expect(regions('00:03.0', [NIC], [one])).toEqual(['1000-1fff direct', MSI]);
  });

  test('is not reserved for another function', () => {
    expect(regions('00:14.0', [NIC, USB], [one])).toEqual([MSI]);
  });

  test('comes before those earlier in the table', () => {
    const two = rmrr({ base: 0x8000, limit: 0x8fff }, endpointScope('00:03.0'));
    expect(regions('00:03.0', [NIC], [one, two])).toEqual(['8000-8fff direct', '1000-1fff direct', MSI]);
  });

  test('is reserved for each function that it names', () => {
    const both = rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:03.0'), endpointScope('00:04.0'));
    expect(regions('00:04.0', [NIC, fn('00:04.0')], [both])).toEqual(['1000-1fff direct', MSI]);
  });

  test('is used though it ends before it starts', () => {
    const odd = rmrr({ base: 0x2000, limit: 0x1000 }, endpointScope('00:03.0'));
    expect(regions('00:03.0', [NIC], [odd])).toEqual(['2000-1000 direct', MSI]);
  });

  test('is used though it is not made of pages', () => {
    const odd = rmrr({ base: 0x1234, limit: 0x1235 }, endpointScope('00:03.0'));
    expect(regions('00:03.0', [NIC], [odd])).toEqual(['1234-1235 direct', MSI]);
  });

  test('is not reserved for a function of that number in another segment', () => {
    const other = rmrr({ base: 0x1000, limit: 0x1fff, segment: 1 }, endpointScope('00:03.0'));
    expect(regions('00:03.0', [NIC], [other])).toEqual([MSI]);
  });
});

describe('a region of firmware for a bridge', () => {
  const functions = [
    bridge('00:1c.0', 1, { subordinateBus: 2 }),
    bridge('01:00.0', 2, { express: 'upstream-port' }),
    fn('02:00.0'),
    fn('02:10.0', { physicalFunction: '02:00.0' }),
    NIC,
  ];
  const one = rmrr({ base: 0x1000, limit: 0x1fff }, bridgeScope('00:1c.0'));

  test.each([
    ['the bridge', '00:1c.0'],
    ['what is on its bus', '01:00.0'],
    ['what is further below', '02:00.0'],
    ['a virtual function below', '02:10.0'],
  ])('is reserved for %s', (_, address) => {
    expect(regions(address, functions, [one])).toEqual(['1000-1fff direct', MSI]);
  });

  test('is not reserved for what is beside it', () => {
    expect(regions('00:03.0', functions, [one])).toEqual([MSI]);
  });

  test('is not reserved for the virtual functions of a function that firmware names', () => {
    const physical = rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:1c.0/00.0/00.0'));
    expect(regions('02:10.0', functions, [physical])).toEqual([MSI]);
  });
});

describe('a region of firmware may be given up', () => {
  const forSlot = (path: string) => rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope(path));

  test.each([
    ['a USB controller', '0c0330'],
    ['an older USB controller', '0c0320'],
    ['a display controller', '030000'],
    ['a 3D controller', '030200'],
  ])('by %s', (_, of) => {
    expect(regions('00:03.0', [fn('00:03.0', { class: of })], [forSlot('00:03.0')])[0]).toBe(
      '1000-1fff direct-relaxable',
    );
  });

  test.each([
    ['another serial bus controller', '0c0500'],
    ['a bridge', '060000'],
  ])('not by %s', (_, of) => {
    expect(regions('00:03.0', [fn('00:03.0', { class: of })], [forSlot('00:03.0')])[0]).toBe('1000-1fff direct');
  });

  test('by a display controller below a bridge that firmware names', () => {
    const functions = [bridge('00:1c.0', 1), fn('01:00.0', { class: '030000' })];
    const below = rmrr({ base: 0x1000, limit: 0x1fff }, bridgeScope('00:1c.0'));
    expect(regions('01:00.0', functions, [below])[0]).toBe('1000-1fff direct-relaxable');
  });

  test('under the name of any other before 5.3', () => {
    expect(regions('00:14.0', [USB], [forSlot('00:14.0')], BEFORE_5_3)[0]).toBe('1000-1fff direct');
  });
});

describe('the ISA window', () => {
  test('is reserved for an ISA bridge, between firmware’s regions and the interrupt window', () => {
    const one = rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:1f.0'));
    expect(regions('00:1f.0', [ISA], [one])).toEqual(['1000-1fff direct', '0-ffffff direct-relaxable', MSI]);
  });

  test('is not reserved for another bridge', () => {
    expect(regions('00:1c.0', [bridge('00:1c.0', 1)])).toEqual([MSI]);
  });

  test('is direct before 5.3', () => {
    expect(regions('00:1f.0', [ISA], [], BEFORE_5_3)).toEqual(['0-ffffff direct', MSI]);
  });
});

test('reserves the region of a function plugged in after boot', () => {
  const table = dmar(allDrhd(), rmrr({ base: 0x1000, limit: 0x1fff }, endpointScope('00:04.0')));
  const built = machine({ dmar: table, functions: [NIC] });
  const bound = bindTo(built);
  bound.reservedRegions(deviceAt(built, '00:03.0'));
  expect(bound.reservedRegions(built.topology.add(fn('00:04.0')))).toHaveLength(2);
});
