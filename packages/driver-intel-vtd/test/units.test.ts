import { describe, expect, test } from 'vitest';
import { allDrhd, andd, atsr, dmar, drhd, endpointScope, rmrr, SCOPE, satc, scope } from './support/dmar.js';
import {
  bind,
  bindTo,
  boot,
  bridge,
  deviceAt,
  fn,
  machine,
  node,
  ownerOf,
  registers,
  unitNames,
} from './support/platform.js';

const GRAPHICS = fn('00:02.0', { class: '030000' });
const NIC = fn('00:03.0');
const graphicsDrhd = drhd({ base: 0xfed90000 }, endpointScope('00:02.0'));
const nicDrhd = drhd({ base: 0xfed92000 }, endpointScope('00:03.0'));

describe('the order of registration', () => {
  test('has units that name their devices before the unit for all others', () => {
    const table = dmar(allDrhd(), graphicsDrhd);
    expect(unitNames({ dmar: table, functions: [GRAPHICS] })).toEqual(['dmar1', 'dmar0']);
  });

  test('has the last of the units that name their devices first', () => {
    const table = dmar(graphicsDrhd, nicDrhd, allDrhd());
    expect(unitNames({ dmar: table, functions: [GRAPHICS, NIC] })).toEqual(['dmar1', 'dmar0', 'dmar2']);
  });

  test('has units for all others in table order', () => {
    const table = dmar(allDrhd(1, 0), allDrhd(2, 1));
    expect(unitNames({ dmar: table, functions: [NIC] })).toEqual(['dmar0', 'dmar1']);
  });

  test('is the order in which ids are handed out', () => {
    const iommu = boot({ dmar: dmar(graphicsDrhd, nicDrhd, allDrhd()), functions: [fn('00:00.0'), GRAPHICS, NIC] });
    const first = [...iommu.groups].map(({ id, devices }) => `${id} ${devices[0]?.name}`);
    expect(first).toEqual(['0 0000:00:03.0', '1 0000:00:02.0', '2 0000:00:00.0']);
  });
});

test('names units in table order, from dmar0 on', () => {
  const { units } = bind({ dmar: dmar(allDrhd(1), drhd({ base: 2 }, endpointScope('00:03.0'))), functions: [NIC] });
  expect(units.map(({ name }) => name)).toEqual(['dmar1', 'dmar0']);
});

test('puts no unit below another device', () => {
  expect(bind({ dmar: dmar(allDrhd()), functions: [NIC] }).units[0]?.parent).toBeUndefined();
});

describe('a second structure with the registers of a unit', () => {
  const table = dmar(
    drhd({ base: 7 }, endpointScope('00:03.0')),
    drhd({ base: 7 }, endpointScope('00:02.0')),
    allDrhd(),
  );

  test('is no unit', () => {
    expect(unitNames({ dmar: table, functions: [GRAPHICS, NIC] })).toEqual(['dmar0', 'dmar1']);
  });

  test('has no effect on the devices that it names', () => {
    expect(ownerOf('00:02.0', { dmar: table, functions: [GRAPHICS, NIC] })).toBe('dmar1');
  });

  test('is a unit of its own in another segment', () => {
    const other = dmar(allDrhd(7, 0), allDrhd(7, 1));
    expect(unitNames({ dmar: other, functions: [NIC] })).toEqual(['dmar0', 'dmar1']);
  });
});

describe('a unit that names its devices', () => {
  const table = dmar(graphicsDrhd, allDrhd());

  test('is left alone when none of them is there', () => {
    expect(unitNames({ dmar: table, functions: [NIC] })).toEqual(['dmar1']);
  });

  test('is left alone when it names none', () => {
    expect(unitNames({ dmar: dmar(drhd({ base: 3 }), allDrhd()), functions: [NIC] })).toEqual(['dmar1']);
  });

  test('is left alone when it names only what is no device, such as an I/O APIC', () => {
    const apic = drhd({ base: 3 }, scope(SCOPE.ioApic, 'f0:1f.0'));
    expect(unitNames({ dmar: dmar(apic, allDrhd()), functions: [NIC] })).toEqual(['dmar1']);
  });

  test('is left alone when another unit was first with all of them', () => {
    const again = drhd({ base: 3 }, endpointScope('00:03.0'));
    expect(unitNames({ dmar: dmar(again, nicDrhd, allDrhd()), functions: [NIC] })).toEqual(['dmar1', 'dmar2']);
  });

  test('serves when one of them is there', () => {
    const two = drhd({ base: 3 }, endpointScope('00:1f.7'), endpointScope('00:03.0'));
    expect(unitNames({ dmar: dmar(two, allDrhd()), functions: [NIC] })).toEqual(['dmar0', 'dmar1']);
  });

  test('serves when only a name-space device of it is there', () => {
    const namespace = drhd({ base: 3 }, scope(SCOPE.namespace, '00:15.0', { id: 1 }));
    const sketch = { dmar: dmar(namespace, andd(1, '\\_SB.I2C0')), functions: [NIC] };
    expect([unitNames(sketch), unitNames({ ...sketch, nodes: [node('\\_SB.I2C0')] })]).toEqual([[], ['dmar0']]);
  });
});

test('serves with a unit for all others, though nothing is there for it', () => {
  expect(unitNames({ dmar: dmar(allDrhd()), functions: [] })).toEqual(['dmar0']);
});

test('leaves a unit alone that names functions on a machine without any', () => {
  expect(unitNames({ dmar: dmar(nicDrhd, allDrhd()), functions: [] })).toEqual(['dmar1']);
});

test('looks for no function in the scopes of a unit for all others', () => {
  const table = dmar(drhd({ base: 3, all: true }, endpointScope('01:00.0')));
  const built = machine({ dmar: table, functions: [bridge('00:1c.0', 1), fn('01:00.0')], units: [registers(3)] });
  bindTo(built);
  expect(built.diagnostics).toEqual([]);
});

test('takes no scope but that of a name-space device for one, whatever its id', () => {
  const table = dmar(drhd({ base: 3 }, scope(SCOPE.endpoint, '00:15.0', { id: 1 })), andd(1, '\\_SB.I2C0'));
  const built = machine({ dmar: table, functions: [fn('00:15.0')], nodes: [node('\\_SB.I2C0')] });
  expect(bindTo(built).unitOf(node('\\_SB.I2C0'))).toBeUndefined();
});

test('gives a name-space device without a path no id', () => {
  const table = dmar(drhd({ base: 3 }, scope(SCOPE.namespace, '00:', { id: 1 })), andd(1, '\\_SB.I2C0'));
  const built = machine({ dmar: table, nodes: [node('\\_SB.I2C0')] });
  expect(bindTo(built).unitOf(node('\\_SB.I2C0'))).toMatchObject({ unit: { name: 'dmar0' }, ids: [] });
});

describe('a unit without a usable address width', () => {
  const table = dmar(nicDrhd, allDrhd());
  const sketch = { dmar: table, functions: [NIC], units: [registers(0xfed92000, { cap: 0n })] };

  test('is left alone', () => {
    expect(unitNames(sketch)).toEqual(['dmar1']);
  });

  test('leaves the devices that it names without an IOMMU, though another takes all others', () => {
    expect(ownerOf('00:03.0', sketch)).toBe('unit-ignored-no-address-width');
  });

  test('leaves all devices without an IOMMU when it is the one for all', () => {
    const all = { dmar: dmar(allDrhd()), functions: [NIC], units: [registers(0xfed91000, { cap: 0n })] };
    expect(ownerOf('00:03.0', all)).toBe('unit-ignored-no-address-width');
  });

  test('serves when it offers first-level tables', () => {
    const units = [registers(0xfed92000, { cap: 0n, ecap: 1n << 47n })];
    expect(unitNames({ ...sketch, units })).toEqual(['dmar0', 'dmar1']);
  });

  test('is one at whose registers nothing answers', () => {
    const units = [{ address: 0xfed92000n, registers: {}, responds: false }];
    expect(ownerOf('00:03.0', { ...sketch, units })).toBe('unit-ignored-no-address-width');
  });

  test('says which unit and why', () => {
    const built = machine(sketch);
    const found = bindTo(built).unitOf(deviceAt(built, '00:03.0'));
    expect(found && 'none' in found && found.none.text).toMatch(/dmar0.*0xfed92000.*address width/);
  });
});

test('takes registers that are not in the input for those of a usual unit, and says so', () => {
  const built = machine({ dmar: dmar(allDrhd()), functions: [NIC] });
  const { units } = bindTo(built);
  expect([units.length, built.diagnostics]).toEqual([
    1,
    [expect.objectContaining({ severity: 'assumed', code: 'vtd-registers-unknown' })],
  ]);
});

test('takes nothing for granted when the registers are in the input', () => {
  const built = machine({ dmar: dmar(allDrhd()), functions: [NIC], units: [registers(0xfed91000)] });
  bindTo(built);
  expect(built.diagnostics).toEqual([]);
});

describe('a scope whose kind contradicts the function that it names', () => {
  const wrong = endpointScope('00:1c.0');
  const functions = [NIC, bridge('00:1c.0', 1)];
  const owner = (...structures: number[][]) => ownerOf('00:03.0', { dmar: dmar(...structures), functions });

  test.each([
    ['of a unit', drhd({ base: 3 }, wrong)],
    ['of a reserved region', rmrr({ base: 0, limit: 0xfff }, wrong)],
    ['of a root port that translates addresses', atsr({}, wrong)],
    ['of a function that keeps translated addresses', satc({}, wrong)],
  ])('%s takes the IOMMU from every device', (_, structure) => {
    expect(owner(structure, allDrhd())).toBe('dmar-scope-type-mismatch');
  });

  test('is not looked at in a unit for all others', () => {
    expect(owner(drhd({ base: 3, all: true }, wrong))).toBe('dmar0');
  });

  test('is not looked at where all root ports translate addresses', () => {
    expect(owner(atsr({ flags: 1 }, wrong), allDrhd())).toBe('dmar0');
  });

  test('is not looked at where an earlier unit was first with the function', () => {
    const right = drhd({ base: 4 }, scope(SCOPE.bridge, '00:1c.0'));
    expect(owner(drhd({ base: 3 }, wrong), right, allDrhd())).toBe('dmar2');
  });
});
