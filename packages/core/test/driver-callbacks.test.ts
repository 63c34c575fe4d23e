import { describe, expect, test } from 'vitest';
import type { BoundDriver, Device, IommuUnit, UnitFound } from '../src/index.js';
import { codeOf, groupOf, membersOf, nextId, rulesOf, stateOf, thrownBy } from './support/observe.js';
import { altered, boot, device, machine, reason, refusal, type ToyDriver, toyDriver } from './support/toy.js';

/* Members of a bound driver other than deviceGroup(): what comes of it when they throw or answer nonsense. */

const [a, b, c] = [device('a'), device('b'), device('c')];

const fail = (): never => {
  throw new TypeError('a bug in the driver');
};

describe('unitOf', () => {
  const stranger: IommuUnit = { name: 'u' };
  const answers: readonly [string, BoundDriver['unitOf']][] = [
    ['throws', fail],
    ['names a unit of another machine, be it of the same name', () => ({ unit: stranger, ids: [] })],
    ['returns an empty object', () => ({}) as UnitFound],
    ['returns a text', () => 'u' as never],
    ['returns none without a reason', () => ({ none: undefined }) as never],
  ];

  test.each(answers)('ERR_DRIVER_CONTRACT as units register, when it %s: none has registered', (_, unitOf) => {
    const iommu = machine({ devices: [a], drivers: [toyDriver({ units: { u: [a] }, unitOf })] });
    expect(codeOf(() => iommu.registerUnits())).toBe('ERR_DRIVER_CONTRACT');
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
    expect(nextId(iommu.groups)).toBe(0);
  });

  test.each(answers)('ERR_DRIVER_CONTRACT as a device is added, when it %s: the device is not there', (_, unitOf) => {
    const honest = toyDriver({ units: { v: [b] } });
    const iommu = boot({ devices: [b], drivers: [honest, toyDriver({ units: { u: [a] }, unitOf })] });
    const before = stateOf(iommu);
    expect(codeOf(() => iommu.addDevice(a))).toBe('ERR_DRIVER_CONTRACT');
    expect(stateOf(iommu)).toEqual(before);
  });

  test('lets the units register once the device that it fails for is gone', () => {
    const picky = altered(toyDriver({ units: { u: [a, b] } }), ({ unitOf }) => ({
      unitOf: (wanted) => (wanted === b ? fail() : unitOf(wanted)),
    }));
    const iommu = machine({ devices: [a, b], drivers: [picky] });
    expect(codeOf(() => iommu.registerUnits())).toBe('ERR_DRIVER_CONTRACT');
    iommu.removeDevice(b);
    iommu.registerUnits();
    expect(membersOf(iommu.groups)).toEqual({ 0: ['a'] });
  });
});

describe('releaseDevice that throws', () => {
  const releasing = (rest: Partial<ToyDriver> = {}) =>
    toyDriver({ units: { u: [a, b, c] }, releaseDevice: fail, ...rest });

  test('is reported as the device is removed, which is gone all the same', () => {
    const iommu = boot({ devices: [a, b], drivers: [releasing()] });
    expect(codeOf(() => iommu.removeDevice(a))).toBe('ERR_DRIVER_CONTRACT');
    expect(iommu.devices).toEqual([b]);
    expect(membersOf(iommu.groups)).toEqual({ 1: ['b'] });
  });

  test('is reported as a unit is undone, which is undone all the same', () => {
    const deviceGroup: ToyDriver['deviceGroup'] = (wanted, groups) => {
      if (wanted === c) return refusal('EINVAL');
      const group = groups.alloc();
      groups.keep(group);
      return { group, reasons: [reason('kept')] };
    };
    const iommu = machine({ devices: [a, b, c], drivers: [releasing({ deviceGroup })] });
    expect(codeOf(() => iommu.registerUnits())).toBe('ERR_DRIVER_CONTRACT');
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
    expect(nextId(iommu.groups)).toBe(0);
  });

  test('is reported as one device is refused', () => {
    const iommu = machine({ devices: [a], drivers: [releasing({ deviceGroup: () => refusal('ENODEV') })] });
    expect(codeOf(() => iommu.registerUnits())).toBe('ERR_DRIVER_CONTRACT');
  });

  test('is reported of a device that had its group when another one made its unit fail', () => {
    const deviceGroup: ToyDriver['deviceGroup'] = (wanted, groups) =>
      wanted === c ? refusal('EINVAL') : { group: groups.alloc(), reasons: [reason('alone')] };
    const releaseDevice = (gone: Device) => (gone === a ? fail() : undefined);
    const iommu = machine({ devices: [a, b, c], drivers: [releasing({ deviceGroup, releaseDevice })] });
    expect(codeOf(() => iommu.registerUnits())).toBe('ERR_DRIVER_CONTRACT');
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
  });

  test('comes second to what went wrong before', () => {
    const deviceGroup: ToyDriver['deviceGroup'] = () => {
      throw new Error('the first failure');
    };
    const iommu = machine({ devices: [a], drivers: [releasing({ deviceGroup })] });
    expect(thrownBy(() => iommu.registerUnits())).toMatchObject({ cause: { message: 'the first failure' } });
  });

  test('is reported where a domain cannot be had, and the device is without a group', () => {
    const iommu = boot({ devices: [], drivers: [releasing({ domainError: () => 'ENOMEM' })] });
    expect(codeOf(() => iommu.addDevice(a))).toBe('ERR_DRIVER_CONTRACT');
    expect(stateOf(iommu)).toMatchObject({ groups: [], devices: [] });
  });
});

test('a release of private data that throws does not keep the driver from hearing of the device', () => {
  const released: Device[] = [];
  const deviceGroup: ToyDriver['deviceGroup'] = (_, groups) => {
    const group = groups.alloc();
    groups.setData(group, 'data', fail);
    return { group, reasons: [reason('alone')] };
  };
  const driver = toyDriver({ units: { u: [a] }, deviceGroup, releaseDevice: (gone) => void released.push(gone) });
  const iommu = boot({ devices: [a], drivers: [driver] });
  expect(() => iommu.removeDevice(a)).toThrow('a bug in the driver');
  expect(released).toEqual([a]);
  expect(stateOf(iommu)).toMatchObject({ groups: [], devices: [] });
});

describe('calls that only ask', () => {
  const asked: readonly [string, Partial<ToyDriver>, (iommu: ReturnType<typeof boot>) => unknown][] = [
    ['reservedRegions', { reservedRegions: fail }, (iommu) => iommu.reservedRegions(groupOf(iommu, a))],
    ['reservedRegions', { reservedRegions: fail }, (iommu) => iommu.claimGroup(groupOf(iommu, a), 'owner')],
    ['reservedRegions', { reservedRegions: () => undefined as never }, (iommu) => iommu.claimDevice(a, 'owner')],
    ['unitAttributes', { unitAttributes: fail }, (iommu) => iommu.unitAttributes(iommu.units[0] as IommuUnit)],
  ];

  test.each(asked)('%s: ERR_DRIVER_CONTRACT, and nothing has changed', (member, driver, call) => {
    const iommu = boot({ devices: [a], drivers: [toyDriver({ units: { u: [a] }, ...driver })] });
    const before = stateOf(iommu);
    expect(thrownBy(() => call(iommu))).toMatchObject({
      code: 'ERR_DRIVER_CONTRACT',
      message: `driver toy threw in ${member}()`,
    });
    expect(stateOf(iommu)).toEqual(before);
  });

  const members: readonly [string, Partial<ToyDriver>][] = [
    ['unitOf', { unitOf: fail }],
    ['probeDevice', { probeDevice: fail }],
    ['deviceGroup', { deviceGroup: fail }],
    ['defaultDomainType', { defaultDomainType: fail }],
    ['domainError', { domainError: fail }],
    ['releaseDevice', { releaseDevice: fail, deviceGroup: () => refusal('ENODEV') }],
    ['releaseDevice', { releaseDevice: fail, domainError: () => 'ENOMEM' }],
  ];

  test.each(members)('%s is named by the error when it throws as its unit registers', (member, driver) => {
    const iommu = machine({ devices: [a], drivers: [toyDriver({ units: { u: [a] }, ...driver })] });
    expect(thrownBy(() => iommu.registerUnits())).toMatchObject({ message: `driver toy threw in ${member}()` });
  });

  test('a write to type asks the drivers anew, and changes nothing when one throws', () => {
    let booted = false;
    const defaultDomainType = () => (booted ? fail() : undefined);
    const iommu = boot({ devices: [a], drivers: [toyDriver({ units: { u: [a] }, defaultDomainType })] });
    booted = true;
    expect(codeOf(() => iommu.writeType(groupOf(iommu, a), 'identity'))).toBe('ERR_DRIVER_CONTRACT');
    expect(groupOf(iommu, a).type).toBe('DMA-FQ');
  });
});

test('a driver may take references and give them back in any order', () => {
  const deviceGroup: ToyDriver['deviceGroup'] = (_, groups) => {
    const [spare, group, other] = [groups.alloc(), groups.alloc(), groups.alloc()];
    groups.put(spare);
    groups.put(other);
    groups.put(groups.ref(group));
    return { group, reasons: [reason('alone')] };
  };
  const iommu = boot({ devices: [a, b], drivers: [toyDriver({ units: { u: [a, b] }, deviceGroup })] });
  expect([...iommu.groups].map(({ id, references }) => [id, references])).toEqual([
    [1, 1],
    [2, 1],
  ]);
});

test('a driver may keep several groups for its unit in one call', () => {
  const deviceGroup: ToyDriver['deviceGroup'] = (_, groups) => {
    const kept = [groups.alloc(), groups.alloc()];
    for (const group of kept) {
      groups.keep(group);
      groups.put(group);
    }
    return { group: groups.alloc(), reasons: [reason('alone')] };
  };
  const iommu = boot({ devices: [a], drivers: [toyDriver({ units: { u: [a] }, deviceGroup })] });
  iommu.removeDevice(a);
  expect([...iommu.groups].map(({ id, references }) => [id, references])).toEqual([
    [0, 1],
    [1, 1],
  ]);
});

test('what a driver keeps for a unit is given back when the unit is undone', () => {
  const deviceGroup: ToyDriver['deviceGroup'] = (wanted, groups) => {
    if (wanted === b) return refusal('EINVAL');
    const group = groups.alloc();
    groups.keep(group);
    groups.keep(group);
    return { group, reasons: [reason('kept')] };
  };
  const iommu = boot({ devices: [a, b], drivers: [toyDriver({ units: { u: [a, b] }, deviceGroup })] });
  expect([...iommu.groups]).toEqual([]);
});

test('a driver that breaks the contract is told by name, with the device and the group', () => {
  const deviceGroup: ToyDriver['deviceGroup'] = (_, groups) => ({
    group: groups.ref(groups.alloc()),
    reasons: [reason('alone')],
  });
  const iommu = machine({ devices: [a], drivers: [toyDriver({ units: { u: [a] }, deviceGroup })] });
  expect(() => iommu.registerUnits()).toThrow('driver toy in deviceGroup(a): kept a reference on group 0');
});

test('a driver may refuse, and put its groups in order, all in one call', () => {
  const deviceGroup: ToyDriver['deviceGroup'] = (wanted, groups) => {
    const group = groups.alloc();
    groups.setName(group, 'soc');
    groups.setData(group, wanted.name);
    if (wanted === b) {
      groups.keep(group);
      groups.put(group);
      return refusal('ENODEV');
    }
    return { group, reasons: [reason('alone')] };
  };
  const iommu = boot({ devices: [a, b, c], drivers: [toyDriver({ units: { u: [a, b, c] }, deviceGroup })] });
  expect(membersOf(iommu.groups)).toEqual({ 0: ['a'], 1: ['c'] });
  expect([...iommu.groups].map(({ name, data, references }) => [name, data, references])).toEqual([
    ['soc', 'a', 1],
    ['soc', 'c', 1],
  ]);
  expect(rulesOf(iommu, b)).toEqual(['refused-ENODEV']);
});
