import { describe, expect, test } from 'vitest';
import { Iommu, type IommuDriver, IommuError } from '../src/index.js';
import { bad, FAULTS, good } from './support/faults.js';
import { codeOf, membersOf, nextId, stateOf, thrownBy } from './support/observe.js';
import { boot, device, platform, type ToyDriver, type ToyMachine, toyDriver } from './support/toy.js';

/*
 * What a driver gets wrong must surface as a coded error and leave groups, references and ids as they were. What types
 * forbid is written with a cast: drivers in plain JavaScript exist.
 */

describe('binding', () => {
  const bindOnly = (driver: Partial<Record<keyof IommuDriver, unknown>>) => () =>
    new Iommu({ platform: platform([]), drivers: [{ specVersion: 1, name: 'toy', ...driver } as IommuDriver] });

  test.each([0, 2, '1', undefined])('refuses version %j of the contract', (specVersion) => {
    expect(codeOf(bindOnly({ specVersion, bind: () => undefined }))).toBe('ERR_DRIVER_SPEC_VERSION');
  });

  test('says which driver follows which version', () => {
    expect(bindOnly({ specVersion: 2, name: 'future', bind: () => undefined })).toThrow(
      'driver future follows version 2 of the driver contract; this core speaks version 1',
    );
  });

  test('wraps what bind() throws, with its cause', () => {
    const cause = new TypeError('from bind');
    const fail = () => {
      throw cause;
    };
    expect(thrownBy(bindOnly({ bind: fail }))).toMatchObject({
      code: 'ERR_DRIVER_CONTRACT',
      message: 'driver toy threw in bind()',
      cause,
    });
  });

  test('passes an IommuError of the driver on as it is', () => {
    const own = new IommuError('ERR_TABLE_TRUNCATED', 'DMAR+0x30: cut short');
    const fail = () => {
      throw own;
    };
    expect(thrownBy(bindOnly({ bind: fail }))).toBe(own);
  });

  test.each([
    ['null', null],
    ['a number', 5],
    ['no units', {}],
    ['two units of one name', { units: [{ name: 'u' }, { name: 'u' }] }],
  ])('refuses a bind() that returns %s', (_, bound) => {
    expect(codeOf(bindOnly({ bind: () => bound }))).toBe('ERR_DRIVER_CONTRACT');
  });
});

const machineOf = (rest: Partial<ToyDriver>): ToyMachine => ({
  devices: [good],
  drivers: [toyDriver({ units: { u: [good, bad] }, ...rest })],
});

/** The test holds a group of its own, so that a reference given back twice is missed. */
describe('a device that is plugged in', () => {
  test.each(FAULTS)('is gone again when the driver %s: %s', (_, code, driver) => {
    const iommu = boot(machineOf(driver));
    using _held = iommu.groups.get(good);
    const before = stateOf(iommu);
    expect(codeOf(() => iommu.addDevice(bad))).toBe(code);
    expect(stateOf(iommu)).toEqual(before);
    expect(nextId(iommu.groups)).toBe(1);
    expect(codeOf(() => iommu.outcomeOf(bad))).toBe('ERR_DEVICE_UNKNOWN');
  });
});

describe('a unit that registers', () => {
  test.each(FAULTS)('is undone, and no other, when the driver %s: %s', (_, code, driver) => {
    const before = device('before');
    const iommu = new Iommu({
      platform: platform([before, good, bad]),
      drivers: [
        toyDriver({ name: 'first', units: { first: [before] } }),
        toyDriver({ units: { u: [good, bad] }, ...driver }),
      ],
    });
    expect(codeOf(() => iommu.registerUnits())).toBe(code);
    expect(membersOf(iommu.groups)).toEqual({ 0: ['before'] });
    expect(iommu.units.map(({ name }) => name)).toEqual(['first']);
    expect([...iommu.groups].map(({ references }) => references)).toEqual([1]);
    expect(nextId(iommu.groups)).toBe(1);
    iommu.removeDevice(before);
    iommu.addDevice(before);
    expect(membersOf(iommu.groups)).toEqual({ 0: ['before'] });
  });
});

describe('a device whose kernel driver is probed', () => {
  test.each(FAULTS)('is neither grouped nor bound when the driver %s: %s', (_, code, driver) => {
    const iommu = boot({ ...machineOf({ groupsAt: 'driver-probe', ...driver }), devices: [good, bad] });
    iommu.bindDriver(good, { name: 'nvme' });
    const before = stateOf(iommu);
    expect(codeOf(() => iommu.bindDriver(bad, { name: 'nvme' }))).toBe(code);
    expect(stateOf(iommu)).toEqual(before);
    expect(nextId(iommu.groups)).toBe(1);
  });
});
