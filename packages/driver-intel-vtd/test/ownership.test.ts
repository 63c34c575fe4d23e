import { describe, expect, test } from 'vitest';
import { allDrhd, andd, bridgeScope, dmar, drhd, endpointScope, SCOPE, scope } from './support/dmar.js';
import { bindTo, bridge, describeUnit, deviceAt, fn, machine, node, ownerOf } from './support/platform.js';

const NIC = fn('00:03.0');
const BELOW = [
  bridge('00:1c.0', 1, { subordinateBus: 2 }),
  bridge('01:00.0', 2, { express: 'upstream-port' }),
  fn('02:00.0'),
];

test('gives a function to the unit that names it', () => {
  const table = dmar(drhd({ base: 2 }, endpointScope('00:03.0')), allDrhd());
  expect(ownerOf('00:03.0', { dmar: table, functions: [NIC] })).toBe('dmar0');
});

test('gives a function that no unit names to the one for all others', () => {
  const table = dmar(allDrhd(), drhd({ base: 2 }, endpointScope('00:03.0')));
  expect(ownerOf('00:04.0', { dmar: table, functions: [NIC, fn('00:04.0')] })).toBe('dmar0');
});

test('gives a function that two units name to the one that registers first', () => {
  const table = dmar(
    drhd({ base: 2 }, endpointScope('00:03.0')),
    drhd({ base: 3 }, endpointScope('00:03.0')),
    allDrhd(),
  );
  expect(ownerOf('00:03.0', { dmar: table, functions: [NIC] })).toBe('dmar1');
});

test('gives what is anywhere below a bridge that a unit names to that unit', () => {
  const table = dmar(drhd({ base: 2 }, bridgeScope('00:1c.0')), allDrhd());
  expect(ownerOf('02:00.0', { dmar: table, functions: BELOW })).toBe('dmar0');
});

test('gives what is below a function named behind bridges to its unit', () => {
  const table = dmar(drhd({ base: 2 }, bridgeScope('00:1c.0/00.0')), allDrhd());
  expect(
    ['01:00.0', '02:00.0', '00:1c.0'].map((address) => ownerOf(address, { dmar: table, functions: BELOW })),
  ).toEqual(['dmar0', 'dmar0', 'dmar1']);
});

test('does not heed the devices that a unit for all others names', () => {
  const table = dmar(drhd({ base: 2, segment: 1, all: true }, endpointScope('00:03.0')), allDrhd());
  expect(ownerOf('00:03.0', { dmar: table, functions: [NIC] })).toBe('dmar1');
});

describe('segments', () => {
  const functions = [fn('00:02.0'), fn('0001:00:02.0')];

  test('part the units for all others', () => {
    const table = dmar(allDrhd(1, 0), allDrhd(2, 1));
    expect(ownerOf('0001:00:02.0', { dmar: table, functions })).toBe('dmar1');
  });

  test('part the functions that units name', () => {
    const table = dmar(drhd({ base: 3, segment: 1 }, endpointScope('00:02.0')), allDrhd());
    expect(ownerOf('00:02.0', { dmar: table, functions })).toBe('dmar1');
  });

  test('without a unit leave their functions without an IOMMU', () => {
    expect(ownerOf('0001:00:02.0', { dmar: dmar(allDrhd()), functions })).toBe('not-in-dmar');
  });
});

test('leaves a function without an IOMMU that no unit names', () => {
  const table = dmar(drhd({ base: 2 }, endpointScope('00:03.0')));
  expect(ownerOf('00:04.0', { dmar: table, functions: [NIC, fn('00:04.0')] })).toBe('not-in-dmar');
});

test('says of a function without an IOMMU that no unit names it', () => {
  const built = machine({ dmar: dmar(drhd({ base: 2 }, endpointScope('00:03.0'))), functions: [NIC, fn('00:04.0')] });
  const device = deviceAt(built, '00:04.0');
  expect(bindTo(built).unitOf(device)).toMatchObject({
    none: { text: expect.stringContaining('0000:00:04.0'), source: 'device_lookup_iommu()', devices: [device] },
  });
});

describe('a virtual function', () => {
  const physical = [bridge('00:1c.0', 1, { subordinateBus: 2 }), fn('01:00.0')];
  const virtual = fn('02:10.0', { physicalFunction: '01:00.0' });

  test('belongs to the unit of its physical function', () => {
    const table = dmar(drhd({ base: 2 }, endpointScope('00:1c.0/00.0')), allDrhd());
    expect(ownerOf('02:10.0', { dmar: table, functions: [...physical, virtual] })).toBe('dmar0');
  });

  test('is found by the bus of its physical function, not by its own', () => {
    const table = dmar(drhd({ base: 2 }, bridgeScope('00:1d.0')), allDrhd());
    const functions = [...physical, { ...virtual, address: '05:10.0' }, bridge('00:1d.0', 5)];
    expect(ownerOf('05:10.0', { dmar: table, functions })).toBe('dmar1');
  });
});

describe('a function below a VMD endpoint', () => {
  const functions = [fn('00:0e.0', { id: '8086:9a0b' }), fn('10000:e1:00.0', { segmentHost: '00:0e.0' })];
  const table = dmar(drhd({ base: 2 }, endpointScope('00:0e.0')), allDrhd());

  test('belongs to the unit of the endpoint', () => {
    expect(ownerOf('10000:e1:00.0', { dmar: table, functions })).toBe('dmar0');
  });

  test('presents the id of the endpoint', () => {
    const built = machine({ dmar: table, functions });
    expect(bindTo(built).unitOf(deviceAt(built, '10000:e1:00.0'))).toMatchObject({ ids: [0x0070] });
  });
});

describe('the ids that a function presents', () => {
  const idsOf = (address: string, functions: Parameters<typeof machine>[0]['functions'] = []) => {
    const built = machine({ dmar: dmar(allDrhd()), functions });
    const found = bindTo(built).unitOf(deviceAt(built, address));
    return found && 'unit' in found ? found.ids : [];
  };

  test('are its own', () => {
    expect(idsOf('00:03.0', [NIC])).toEqual([0x0018]);
  });

  test('are its own and those of the bridges that put theirs on', () => {
    const functions = [
      bridge('00:1c.0', 1, { subordinateBus: 2 }),
      bridge('01:00.0', 2, { express: 'pcie-to-pci-bridge' }),
      fn('02:04.0', { express: null }),
    ];
    expect(idsOf('02:04.0', functions)).toEqual([0x0220, 0x0200]);
  });

  test('are each named once', () => {
    const functions = [bridge('00:1e.0', 2, { express: 'pcie-to-pci-bridge' }), fn('02:00.0', { express: null })];
    expect(idsOf('02:00.0', functions)).toEqual([0x0200]);
  });
});

describe('a name-space device', () => {
  const i2c = node('\\_SB.PCI0.I2C0');
  const sketch = {
    dmar: dmar(
      drhd({ base: 2 }, scope(SCOPE.namespace, '00:15.2', { id: 7 })),
      allDrhd(),
      andd(7, '\\_SB.PCI0.I2C0'),
      andd(8, '\\_SB.PCI0.I2C1'),
    ),
    nodes: [i2c, node('\\_SB.PCI0.I2C1')],
    functions: [NIC],
  };
  const unitOf = (path: string) => bindTo(machine(sketch)).unitOf(node(path));

  test('belongs to the unit with a scope of its number', () => {
    expect(describeUnit(unitOf('\\_SB.PCI0.I2C0'))).toBe('dmar0');
  });

  test('presents the id of that scope', () => {
    expect(unitOf('\\_SB.PCI0.I2C0')).toMatchObject({ ids: [0x00aa] });
  });

  test('belongs to no unit without a scope of its number', () => {
    expect(unitOf('\\_SB.PCI0.I2C1')).toBeUndefined();
  });

  test('belongs to no unit when the table does not declare it', () => {
    expect(unitOf('\\_SB.PCI0.I2C2')).toBeUndefined();
  });

  test('has no IOMMU when its unit is left alone', () => {
    const units = [{ address: 2n, registers: { cap: 0n } }];
    expect(describeUnit(bindTo(machine({ ...sketch, units })).unitOf(i2c))).toBe('unit-ignored-no-address-width');
  });

  test('is not any device without a node', () => {
    const { firmwareNode: _, ...anonymous } = i2c;
    expect(bindTo(machine(sketch)).unitOf(anonymous)).toBeUndefined();
  });
});

test('finds the unit of a function plugged in after boot', () => {
  const built = machine({
    dmar: dmar(drhd({ base: 2 }, bridgeScope('00:1c.0')), allDrhd()),
    functions: [bridge('00:1c.0', 1)],
  });
  const bound = bindTo(built);
  expect(describeUnit(bound.unitOf(built.topology.add(fn('01:00.0'))))).toBe('dmar0');
});

test('finds the unit that names a function plugged in after boot', () => {
  const table = dmar(drhd({ base: 2 }, endpointScope('00:03.0'), endpointScope('00:04.0')), allDrhd());
  const built = machine({ dmar: table, functions: [NIC] });
  const bound = bindTo(built);
  bound.unitOf(deviceAt(built, '00:03.0'));
  expect(describeUnit(bound.unitOf(built.topology.add(fn('00:04.0'))))).toBe('dmar0');
});
