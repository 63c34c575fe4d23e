import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Emitter } from '../src/events.js';
import type { GroupNotification, IommuEvent } from '../src/index.js';
import { groupOf, listen, membersOf, stateOf } from './support/observe.js';
import { boot, device, machine, toyDriver } from './support/toy.js';

const [a, b] = [device('a'), device('b')];
const drivers = [toyDriver({ units: { u: [a, b] }, together: [a, b] })];

describe('the six notifications', () => {
  test('come in order over the life of a device in a group', () => {
    const iommu = boot({ devices: [a], drivers });
    const six: IommuEvent['type'][] = [];
    iommu.on(
      (event) => 'device' in event && event.device === b && event.type !== 'device-left' && six.push(event.type),
    );
    iommu.addDevice(b);
    iommu.bindDriver(b, { name: 'nvme' });
    iommu.removeDevice(b);
    expect(six).toEqual([
      'add-device',
      'bind-driver',
      'bound-driver',
      'unbind-driver',
      'unbound-driver',
      'del-device',
    ] satisfies GroupNotification[]);
  });

  test('of a kernel driver come only for a device that has a group', () => {
    const iommu = boot({ devices: [device('x')], drivers });
    const events = listen(iommu);
    const [loner] = iommu.devices;
    if (loner) iommu.bindDriver(loner, { name: 'nvme' });
    if (loner) iommu.unbindDriver(loner);
    expect(events).toEqual([]);
  });

  test('tell of the add when the device is fully in, with its domain still to come', () => {
    const iommu = machine({ devices: [a], drivers });
    let seen: unknown;
    iommu.on(({ type }) => {
      if (type === 'add-device') seen = iommu.outcomeOf(a);
    });
    iommu.registerUnits();
    expect(seen).toMatchObject({ unit: { name: 'u' }, ids: [0], reasons: [{ rule: 'alone' }] });
  });

  test('tell of the removal while the device is still in', () => {
    const iommu = boot({ devices: [a, b], drivers });
    let seen: unknown;
    iommu.on((event) => {
      if (event.type === 'del-device') seen = [[...event.group.devices], iommu.outcomeOf(event.device)];
    });
    iommu.removeDevice(a);
    expect(seen).toMatchObject([[a, b], { group: { id: 0 }, unit: { name: 'u' }, reasons: [{ rule: 'alone' }] }]);
  });

  test('tell of the driver before and after it is bound, and before and after it is unbound', () => {
    const iommu = boot({ devices: [a], drivers });
    const names: unknown[] = [];
    iommu.on(({ type }) => names.push(type, iommu.kernelDriverOf(a)));
    iommu.bindDriver(a, { name: 'nvme' });
    iommu.unbindDriver(a);
    expect(names).toEqual([
      ...['bind-driver', undefined, 'bound-driver', 'nvme'],
      ...['unbind-driver', 'nvme', 'unbound-driver', undefined],
    ]);
  });
});

describe('the other events', () => {
  test('tell of units, groups and types as they come', () => {
    const iommu = machine({ devices: [a, b], drivers: [toyDriver({ units: { u: [a], v: [b] } })] });
    const events = listen(iommu);
    iommu.registerUnits();
    expect(events).toEqual([
      ...['unit-added u', 'group-added 0', 'add-device 0 a', 'type-changed 0'],
      ...['unit-added v', 'group-added 1', 'add-device 1 b', 'type-changed 1'],
    ]);
  });

  test('tell of a group that goes after its last member went', () => {
    const iommu = boot({ devices: [a], drivers });
    const events = listen(iommu);
    iommu.removeDevice(a);
    expect(events).toEqual(['del-device 0 a', 'device-left 0 a', 'group-removed 0']);
  });

  test('tell that a device has left when it is out and the group is still there', () => {
    const iommu = boot({ devices: [a, b], drivers });
    let seen: unknown;
    iommu.on((event) => {
      if (event.type !== 'device-left') return;
      const { group, device: left } = event;
      seen = [left.name, iommu.groups.of(left), iommu.groups.byId(group.id) === group, [...group.linkNames]];
    });
    iommu.removeDevice(a);
    expect(seen).toEqual(['a', undefined, true, ['b']]);
    iommu.removeDevice(b);
    expect(seen).toEqual(['b', undefined, true, []]);
  });

  test('tell of a name that is set or removed', () => {
    const iommu = boot({ devices: [a], drivers });
    const events = listen(iommu);
    iommu.groups.setName(groupOf(iommu, a), 'name');
    iommu.groups.setName(groupOf(iommu, a), undefined);
    expect(events).toEqual(['name-changed 0', 'name-changed 0']);
  });

  test('tell of a type that is written only when it changes', () => {
    const iommu = boot({ devices: [a], drivers });
    const events = listen(iommu);
    iommu.writeType(groupOf(iommu, a), 'DMA-FQ');
    iommu.writeType(groupOf(iommu, a), '');
    expect(events).toEqual([]);
    iommu.writeType(groupOf(iommu, a), 'DMA');
    expect(events).toEqual(['type-changed 0']);
  });
});

describe('listeners', () => {
  const event: IommuEvent = { type: 'unit-added', unit: { name: 'u' } };

  test('are called in the order in which they came', () => {
    const emitter = new Emitter();
    const calls: number[] = [];
    emitter.on(() => calls.push(1));
    emitter.on(() => calls.push(2));
    emitter.emit(event);
    expect(calls).toEqual([1, 2]);
  });

  test('are not called after they left', () => {
    const iommu = boot({ devices: [], drivers });
    const calls: string[] = [];
    const leave = iommu.on(({ type }) => calls.push(type));
    iommu.addDevice(a);
    const before = [...calls];
    leave();
    iommu.addDevice(b);
    expect(calls).toEqual(before);
  });

  test('are not called when another takes them off during the call', () => {
    const emitter = new Emitter();
    const late = vi.fn();
    emitter.on(() => leave());
    const leave = emitter.on(late);
    emitter.emit(event);
    expect(late).not.toHaveBeenCalled();
  });
});

describe('a listener that throws', () => {
  const rejections: unknown[] = [];
  const note = (error: unknown) => rejections.push(error);
  const others = process.listeners('unhandledRejection');

  /** The runner takes an unhandled rejection for a failure of the run: here it is what the test waits for. */
  beforeEach(() => {
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  });

  afterEach(async () => {
    await new Promise((done) => setImmediate(done));
    process.removeAllListeners('unhandledRejection');
    for (const other of others) process.on('unhandledRejection', other);
    rejections.length = 0;
  });

  test('harms neither the operation nor the listeners behind it, and surfaces as an unhandled rejection', async () => {
    const reference = boot({ devices: [a, b], drivers });
    const iommu = machine({ devices: [a, b], drivers });
    const failure = new Error('from a listener');
    iommu.on(({ type }) => {
      if (type === 'add-device') throw failure;
    });
    const events = listen(iommu);
    iommu.registerUnits();
    expect(stateOf(iommu)).toEqual(stateOf(reference));
    expect(events).toEqual(['unit-added u', 'group-added 0', 'add-device 0 a', 'add-device 0 b', 'type-changed 0']);
    await vi.waitFor(() => expect(rejections).toEqual([failure, failure]));
  });

  test('lets a group end all the same', async () => {
    const iommu = boot({ devices: [a], drivers });
    iommu.on(() => {
      throw new Error('from a listener');
    });
    iommu.removeDevice(a);
    expect(membersOf(iommu.groups)).toEqual({});
    await vi.waitFor(() => expect(rejections).toHaveLength(3));
  });
});
