import { describe, expect, test } from 'vitest';
import type { Device } from '../src/index.js';
import { listen, membersOf, nextId, rulesOf, stateOf } from './support/observe.js';
import { boot, device, machine, reason, refusal, type ToyDriver, toyDriver } from './support/toy.js';

const [a, b, c, d] = [device('a'), device('b'), device('c'), device('d')];

/** Unit u0 has b and d, unit u1 has a and c: bus order and unit order differ. */
const crossed = (rest: Partial<ToyDriver> = {}) => toyDriver({ units: { u0: [b, d], u1: [a, c] }, ...rest });

/** Refuse one device; group the others as the toy would. */
const refusing = (refused: Device, errno: Parameters<typeof refusal>[0]): Partial<ToyDriver> => ({
  deviceGroup: (wanted, groups) =>
    wanted === refused ? refusal(errno) : { group: groups.alloc(), reasons: [reason('alone')] },
});

describe('a refusal', () => {
  test('with ENODEV leaves that device without a group, and tells why', () => {
    const iommu = boot({ devices: [a, b, c, d], drivers: [crossed(refusing(b, 'ENODEV'))] });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['d'], 1: ['a'], 2: ['c'] });
    expect(rulesOf(iommu, b)).toEqual(['refused-ENODEV']);
    expect(iommu.outcomeOf(b)).toMatchObject({ group: undefined, unit: undefined, ids: [] });
  });

  test('with any other errno undoes the whole unit, and the next takes its ids', () => {
    const iommu = boot({ devices: [a, b, c, d], drivers: [crossed(refusing(d, 'EINVAL'))] });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['a'], 1: ['c'] });
    expect(iommu.units.map(({ name }) => name)).toEqual(['u1']);
  });

  test('leaves the entry of the unit where the driver does not look whether it was undone', () => {
    const iommu = machine({
      devices: [a, b, c, d],
      drivers: [crossed({ ...refusing(d, 'EIO'), keepsUndoneUnits: true })],
    });
    const events = listen(iommu);
    iommu.registerUnits();
    expect(membersOf(iommu.groups)).toEqual({ 0: ['a'], 1: ['c'] });
    expect(iommu.units.map(({ name }) => name)).toEqual(['u0', 'u1']);
    expect(events.filter((event) => event.startsWith('unit-'))).toEqual(['unit-added u0', 'unit-added u1']);
    expect(iommu.outcomeOf(b)).toMatchObject({ group: undefined, unit: undefined });
  });

  test.each([true, false])(
    'that undid a unit is the reason for devices that come later; entry kept: %s',
    (keepsUndoneUnits) => {
      const e = device('e');
      const units = { u: [a, b, e] };
      const iommu = boot({
        devices: [a, b],
        drivers: [toyDriver({ units, keepsUndoneUnits, ...refusing(b, 'EINVAL') })],
      });
      iommu.addDevice(e);
      iommu.bindDriver(e, { name: 'any' });
      expect(membersOf(iommu.groups)).toEqual({});
      expect(rulesOf(iommu, e)).toEqual(['refused-EINVAL']);
    },
  );

  test('that undoes a unit is the reason for each of its devices', () => {
    const iommu = boot({ devices: [a, b, c, d], drivers: [crossed(refusing(d, 'EINVAL'))] });
    expect([...rulesOf(iommu, b), ...rulesOf(iommu, d)]).toEqual(['refused-EINVAL', 'refused-EINVAL']);
    expect(rulesOf(iommu, a)).toEqual(['alone']);
  });

  test('leaves a device of an undone unit the reason of its own', () => {
    const drivers = [
      toyDriver({ units: { u: [a, b] }, deviceGroup: (wanted) => refusal(wanted === a ? 'ENODEV' : 'ENOMEM') }),
    ];
    const iommu = boot({ devices: [a, b], drivers });
    expect([...rulesOf(iommu, a), ...rulesOf(iommu, b)]).toEqual(['refused-ENODEV', 'refused-ENOMEM']);
  });

  test('of one device undoes all units where they register at once', () => {
    const rules = { 'unit-registration': 'all-at-once' };
    const iommu = boot({ devices: [a, b, c, d], drivers: [crossed(refusing(d, 'EINVAL'))], rules });
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
  });

  test('by probeDevice counts as one by deviceGroup', () => {
    const probeDevice: ToyDriver['probeDevice'] = (wanted) => (wanted === b ? refusal('ENODEV') : undefined);
    const iommu = boot({ devices: [a, b, c, d], drivers: [crossed({ probeDevice })] });
    expect(membersOf(iommu.groups)).toEqual({ 0: ['d'], 1: ['a'], 2: ['c'] });
    expect(rulesOf(iommu, b)).toEqual(['refused-ENODEV']);
  });

  test('undoes in the order in which it grouped, and says so', () => {
    const iommu = machine({
      devices: [a, b, c],
      drivers: [toyDriver({ units: { u: [a, b, c] }, ...refusing(c, 'EBUSY') })],
    });
    const events = listen(iommu);
    iommu.registerUnits();
    expect(events).toEqual([
      'unit-added u',
      'group-added 0',
      'add-device 0 a',
      'group-added 1',
      'add-device 1 b',
      'del-device 0 a',
      'device-left 0 a',
      'group-removed 0',
      'del-device 1 b',
      'device-left 1 b',
      'group-removed 1',
      'unit-removed u',
    ]);
  });

  test('gives back what probeDevice claimed, and only from devices that claimed', () => {
    const claimed = new Set<Device>();
    const released: string[] = [];
    const driver = toyDriver({
      units: { u: [a, b, c] },
      probeDevice: (wanted) => void claimed.add(wanted),
      releaseDevice: (gone) => {
        released.push(gone.name);
        claimed.delete(gone);
      },
      ...refusing(b, 'EINVAL'),
    });
    boot({ devices: [a, b, c], drivers: [driver] });
    expect(released).toEqual(['b', 'a']);
    expect(claimed.size).toBe(0);
  });

  test('spares a group that was made by hand for a device of the unit', () => {
    const iommu = machine({
      devices: [a, b],
      drivers: [toyDriver({ units: { u: [a, b] }, ...refusing(b, 'EINVAL') })],
    });
    iommu.groups.adopt(iommu.groups.alloc(), a);
    iommu.registerUnits();
    expect(membersOf(iommu.groups)).toEqual({ 0: ['a'] });
    expect(rulesOf(iommu, a)).toEqual(['joined-by-hand']);
  });
});

describe('references that a unit keeps', () => {
  const keeping = (rest: Partial<ToyDriver> = {}) =>
    toyDriver({
      units: { u: [a, b] },
      deviceGroup: (_, groups) => {
        const group = groups.get(a) ?? groups.alloc();
        if (group.devices.length === 0) groups.keep(group);
        return { group, reasons: [reason('single-group')] };
      },
      ...rest,
    });

  test('outlive the members', () => {
    const iommu = boot({ devices: [a, b], drivers: [keeping()] });
    expect(iommu.groups.byId(0)?.references).toBe(3);
    iommu.removeDevice(a);
    iommu.removeDevice(b);
    expect(membersOf(iommu.groups)).toEqual({ 0: [] });
  });

  test('go when the unit is undone', () => {
    const domainError: ToyDriver['domainError'] = () => 'ENOMEM';
    const iommu = boot({ devices: [a, b], drivers: [keeping({ domainError })] });
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
    expect(nextId(iommu.groups)).toBe(0);
  });
});
