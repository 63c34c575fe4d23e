import { describe, expect, test } from 'vitest';
import { type Device, type Diagnostic, Iommu } from '../src/index.js';
import { listen, membersOf, rulesOf, stateOf } from './support/observe.js';
import { altered, boot, device, machine, platform, reason, type ToyDriver, toyDriver } from './support/toy.js';

const [a, b, c, d] = [device('a'), device('b'), device('c'), device('d')];

/** Unit u0 has b and d, unit u1 has a and c: bus order and unit order differ. */
const crossed = (rest: Partial<ToyDriver> = {}) => toyDriver({ units: { u0: [b, d], u1: [a, c] }, ...rest });

describe('numbering', () => {
  test('numbers groups unit by unit, and within a unit in the order of the devices', () => {
    const iommu = boot({ devices: [a, b, c, d], drivers: [crossed()] });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['b'], 1: ['d'], 2: ['a'], 3: ['c'] });
  });

  test('numbers groups in the order of the devices where all units register at once', () => {
    const iommu = boot({
      devices: [a, b, c, d],
      drivers: [crossed()],
      rules: { 'unit-registration': 'all-at-once' },
    });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['a'], 1: ['b'], 2: ['c'], 3: ['d'] });
  });

  test('numbers driver by driver, also where all units register at once', () => {
    const drivers = [toyDriver({ name: 'second', units: { s: [c, d] } }), toyDriver({ units: { f: [a, b] } })];
    const iommu = boot({ devices: [a, b, c, d], drivers, rules: { 'unit-registration': 'all-at-once' } });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['c'], 1: ['d'], 2: ['a'], 3: ['b'] });
  });

  test('walks the buses in their order, and one that is not listed last', () => {
    const devices = [
      device('other', { bus: 'other' }),
      device('pci', { bus: 'pci' }),
      device('platform', { bus: 'platform' }),
      device('pci2', { bus: 'pci' }),
    ];
    const iommu = boot({ devices, drivers: [toyDriver({ units: { u: devices } })], buses: ['platform', 'pci'] });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['platform'], 1: ['pci'], 2: ['pci2'], 3: ['other'] });
  });

  test('keeps the order of the devices where no buses are listed', () => {
    const devices = [device('x', { bus: 'pci' }), device('y', { bus: 'amba' }), device('z', { bus: 'pci' })];
    const iommu = boot({ devices, drivers: [toyDriver({ units: { u: devices } })] });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['x'], 1: ['y'], 2: ['z'] });
  });
});

describe('finding the unit', () => {
  test('gives a device to the first driver that knows it', () => {
    const first = toyDriver({ name: 'first', units: { f: [a] } });
    const second = toyDriver({ name: 'second', units: { s: [a, b] } });
    const iommu = boot({ devices: [a, b], drivers: [first, second] });
    expect([a, b].map((one) => iommu.outcomeOf(one).unit?.name)).toEqual(['f', 's']);
  });

  test('reports the devices that a later driver would translate, once for each pair of drivers', () => {
    const told: Diagnostic[] = [];
    const units = (name: string) => toyDriver({ name, units: { [name]: [a, b, c] } });
    const last = toyDriver({ name: 'last', units: {}, unitOf: () => ({ none: reason('unit-ignored') }) });
    const iommu = new Iommu({
      platform: { ...platform([a, b]), report: (diagnostic) => void told.push(diagnostic) },
      drivers: [units('first'), units('second'), last],
    });
    iommu.registerUnits();
    expect(told).toEqual([
      {
        severity: 'warning',
        code: 'drivers-contest',
        message: 'drivers first and second both answer for a, b; first comes first in order and decides',
      },
    ]);
    iommu.addDevice(c);
    expect(told.slice(1).map(({ message }) => message)).toEqual([
      'drivers first and second both answer for c; first comes first in order and decides',
    ]);
  });

  test('tells contests between other drivers apart', () => {
    const told: string[] = [];
    const owner = (name: string, devices: readonly Device[]) => toyDriver({ name, units: { [name]: devices } });
    new Iommu({
      platform: { ...platform([a, b]), report: ({ message }) => void told.push(message) },
      drivers: [owner('first', [a]), owner('second', [b]), owner('third', [a, b])],
    }).registerUnits();
    expect(told).toEqual([
      'drivers first and third both answer for a; first comes first in order and decides',
      'drivers second and third both answer for b; second comes first in order and decides',
    ]);
  });

  test.each<[string, () => undefined]>([
    ['does not know the device', () => undefined],
    [
      'throws when it is asked',
      () => {
        throw new Error('a bug');
      },
    ],
  ])('takes no driver that %s for one that would translate it', (_, unitOf) => {
    const told: Diagnostic[] = [];
    const drivers = [toyDriver({ name: 'first', units: { f: [a] } }), toyDriver({ name: 'second', units: {}, unitOf })];
    new Iommu({
      platform: { ...platform([a]), report: (diagnostic) => void told.push(diagnostic) },
      drivers,
    }).registerUnits();
    expect(told).toEqual([]);
  });

  test('names only some of many contested devices', () => {
    const told: Diagnostic[] = [];
    const devices = ['p', 'q', 'r', 's', 't', 'u'].map((name) => device(name));
    const drivers = ['first', 'second'].map((name) => toyDriver({ name, units: { [name]: devices } }));
    new Iommu({
      platform: { ...platform(devices), report: (diagnostic) => void told.push(diagnostic) },
      drivers,
    }).registerUnits();
    expect(told[0]?.message).toContain('both answer for p, q, r, s and 2 more;');
  });

  test('takes no other driver where the first says why there is no unit', () => {
    const first = toyDriver({ units: {}, unitOf: () => ({ none: reason('unit-ignored') }) });
    const iommu = boot({ devices: [a], drivers: [first, toyDriver({ units: { s: [a] } })] });
    expect(rulesOf(iommu, a)).toEqual(['unit-ignored']);
    expect(iommu.groups.size).toBe(0);
  });

  test('leaves a device alone that no driver knows, and says so', () => {
    const iommu = boot({ devices: [a, b], drivers: [toyDriver({ units: { u: [a] } })] });
    const reasons = [
      { rule: 'no-iommu', text: 'No IOMMU driver knows b.', source: 'iommu_probe_device()', devices: [b] },
    ];
    expect(iommu.outcomeOf(b)).toEqual({ group: undefined, unit: undefined, ids: [], reasons });
  });

  test('works without any driver', () => {
    const iommu = boot({ devices: [a], drivers: [{ specVersion: 1, name: 'absent', bind: () => undefined }] });
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
    expect(iommu.drivers).toEqual([]);
  });

  test('tells the group, the unit, the ids and the reasons of a grouped device', () => {
    const iommu = boot({ devices: [a, b], drivers: [toyDriver({ units: { u: [a, b] } })] });
    expect(iommu.outcomeOf(b)).toMatchObject({ unit: { name: 'u' }, ids: [1], reasons: [reason('alone')] });
    expect(iommu.outcomeOf(b).group).toBe(iommu.groups.of(b));
  });
});

test('registers units once, however often it is asked', () => {
  const iommu = boot({ devices: [a], drivers: [toyDriver({ units: { u: [a] } })] });
  const before = stateOf(iommu);
  const events = listen(iommu);
  iommu.registerUnits();
  expect(stateOf(iommu)).toEqual(before);
  expect(events).toEqual([]);
});

test('groups nothing before the units register', () => {
  const asked: Device[] = [];
  const driver = altered(toyDriver({ units: { u: [a, b] } }), ({ unitOf }) => ({
    unitOf: (wanted) => {
      asked.push(wanted);
      return unitOf(wanted);
    },
  }));
  const iommu = machine({ devices: [a], drivers: [driver] });
  iommu.addDevice(b);
  expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
  expect(asked).toEqual([]);
  iommu.registerUnits();
  expect(membersOf(iommu.groups)).toEqual({ 0: ['a'], 1: ['b'] });
});

test('lists devices in the order of their registration and units in that of theirs', () => {
  const iommu = boot({ devices: [d, b, a, c], drivers: [crossed()] });
  expect(stateOf(iommu)).toMatchObject({ devices: [{ name: 'd' }, { name: 'b' }, { name: 'a' }, { name: 'c' }] });
  expect(iommu.units.map(({ name }) => name)).toEqual(['u0', 'u1']);
});
