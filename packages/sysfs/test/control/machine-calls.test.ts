import { boot, type RunningMachine } from '@iommu/machine';
import { endpoint, layOut, rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { eventText } from '../../src/control/event-text.js';
import { machineCalls } from '../../src/control/machine-calls.js';
import { plainIommu } from '../support/plain-iommu.js';

const machine = () => ({
  schema: 1 as const,
  kernel: { release: '6.12' },
  pci: layOut([
    {
      devices: [
        rootPort({ slot: 1, acs: true }, [endpoint({ id: '8086:15f3', class: '020000' })]),
        rootPort({ slot: 2, acs: true }),
      ],
    },
  ]),
});

const start = () => {
  const running = boot(machine(), { drivers: [plainIommu()] });
  const calls = machineCalls(running);
  /** A call as it arrives: through JSON. */
  const call = (name: string, params: Record<string, unknown> = {}): unknown => {
    const result = calls[name]?.(JSON.parse(JSON.stringify(params)));
    return result === undefined ? undefined : JSON.parse(JSON.stringify(result));
  };
  return { running, call };
};

const names = ({ devices }: RunningMachine) => devices.map(({ name }) => name);

describe('hardware', () => {
  test('that is added is registered at once', () => {
    const { running, call } = start();
    const functions = [{ address: '0000:02:00.0', parent: '0000:00:02.0', id: '10de:2684', class: '030000' }];
    expect(call('add', { functions })).toEqual(['0000:02:00.0']);
    expect(names(running)).toContain('0000:02:00.0');
  });

  test('that is plugged in is found by a rescan', () => {
    const { running, call } = start();
    const functions = [{ address: '0000:02:00.0', parent: '0000:00:02.0', id: '10de:2684', class: '030000' }];
    call('plug', { functions });
    expect(names(running)).not.toContain('0000:02:00.0');
    expect(call('rescan')).toEqual(['0000:02:00.0']);
  });

  test('that is a card gets the addresses behind its port', () => {
    const { running, call } = start();
    const functions = [
      { id: '10de:2684', class: '030000' },
      { id: '10de:22ba', class: '040300', acs: true },
    ];
    expect(call('add-card', { behind: '00:02.0', functions })).toEqual(['0000:02:00.0', '0000:02:00.1']);
    expect(running.hardware.filter(({ address }) => address.startsWith('0000:02'))).toMatchObject([
      { id: '10de:2684', parent: '0000:00:02.0', multifunction: true, acs: null },
      { id: '10de:22ba', parent: '0000:00:02.0', multifunction: true, acs: { capability: expect.any(String) } },
    ]);
  });

  test('goes when it is unplugged, registered or not', () => {
    const { running, call } = start();
    call('remove', { device: '01:00.0' });
    expect(names(running)).not.toContain('0000:01:00.0');
    call('unplug', { device: '0000:01:00.0' });
    expect(call('rescan')).toEqual([]);
    call('unplug', { device: '00:02.0' });
    expect(names(running)).toEqual(['0000:00:01.0']);
  });

  test.each([
    ['add', {}, 'ERR_CONTROL_PARAMS'],
    ['add', { functions: [] }, 'ERR_CONTROL_PARAMS'],
    ['add', { functions: [{ address: 5 }] }, 'ERR_MACHINE'],
    ['add', { functions: [{ address: '0000:01:00.0' }] }, 'ERR_PCI_DUPLICATE'],
    ['add-card', { behind: '00:02.0', functions: [] }, 'ERR_CONTROL_PARAMS'],
    ['add-card', { behind: '00:02.0', functions: new Array(9).fill({}) }, 'ERR_CONTROL_PARAMS'],
    ['add-card', { behind: '00:02.0', functions: [{ id: 'nonsense' }] }, 'ERR_MACHINE'],
    ['add-card', { behind: '01:00.0', functions: [{}] }, 'ERR_MACHINE'],
    ['add-card', { behind: '09:00.0', functions: [{}] }, 'ERR_DEVICE_UNKNOWN'],
    ['add-card', { behind: '00:01.0', functions: [{}] }, 'ERR_PCI_DUPLICATE'],
    ['remove', {}, 'ERR_CONTROL_PARAMS'],
    ['remove', { device: 'x' }, 'ERR_DEVICE_UNKNOWN'],
    ['unplug', { device: '09:00.0' }, 'ERR_DEVICE_UNKNOWN'],
  ])('%s with %j is refused, and nothing changes', (name, params, code) => {
    const { running, call } = start();
    const before = names(running);
    expect(() => call(name, params)).toThrow(expect.objectContaining({ code }));
    expect(names(running)).toEqual(before);
    expect(call('rescan')).toEqual([]);
  });
});

describe('drivers', () => {
  test('are loaded, overridden, probed, unbound and bound as their files would have it', () => {
    const { running, call } = start();
    const device = '01:00.0';
    const driver = () => running.iommu.kernelDriverOf(running.device(device));
    call('load', { driver: 'vfio-pci' });
    call('override', { device, driver: 'vfio-pci' });
    expect(driver()).toBeUndefined();
    call('probe', { device });
    expect(driver()).toBe('vfio-pci');
    call('unbind', { device });
    expect(driver()).toBeUndefined();
    call('bind', { device, driver: 'vfio-pci' });
    expect(driver()).toBe('vfio-pci');
    call('override', { device, driver: null });
    expect(running.kernelDrivers.overrideOf(running.device(device))).toBeUndefined();
    call('unload', { driver: 'vfio-pci' });
    expect(driver()).toBeUndefined();
  });

  test.each([
    ['bind', { device: '01:00.0', driver: 'nothing' }, 'ENOENT'],
    ['unbind', { device: '01:00.0' }, 'ENODEV'],
    ['unload', { driver: 'nothing' }, 'ENOENT'],
    ['vfs', { device: '01:00.0', count: 2 }, undefined],
    ['type', { group: 99, type: 'identity' }, 'ENOENT'],
    ['type', { group: 0, type: 'nonsense' }, 'EINVAL'],
  ])('%s with %j is refused as the kernel would', (name, params, errno) => {
    const { call } = start();
    expect(() => call(name, params)).toThrow(
      expect.objectContaining(errno ? { code: 'ERR_REFUSED', errno } : { code: 'ERR_REFUSED' }),
    );
  });

  test.each([
    ['vfs', { device: '01:00.0', count: -1 }],
    ['vfs', { device: '01:00.0', count: '2' }],
    ['type', { group: 1.5, type: 'identity' }],
    ['override', { device: '01:00.0' }],
    ['load', { driver: 5 }],
  ])('%s with %j is no call', (name, params) => {
    const { call } = start();
    expect(() => call(name, params)).toThrow(expect.objectContaining({ code: 'ERR_CONTROL_PARAMS' }));
  });
});

test('a list shows groups, types, devices and drivers', () => {
  const { running, call } = start();
  expect(call('list')).toEqual({
    groups: [
      { id: 0, type: 'DMA', devices: [{ name: '0000:00:01.0', driver: null }] },
      { id: 1, type: 'DMA', devices: [{ name: '0000:00:02.0', driver: null }] },
      { id: 2, type: 'DMA', devices: [{ name: '0000:01:00.0', driver: null }] },
    ].map((group) => ({ ...group, type: running.iommu.groups.byId(group.id)?.type })),
    ungrouped: [],
  });
  const bare = boot(machine(), { drivers: [] });
  expect(machineCalls(bare)['list']?.({})).toMatchObject({ groups: [], ungrouped: [{}, {}, {}] });
});

test('an event travels as names', () => {
  const { running, call } = start();
  const events: unknown[] = [];
  running.on((event) => events.push(eventText(event)));
  call('remove', { device: '01:00.0' });
  expect(events).toContainEqual({ type: 'device-removed', device: '0000:01:00.0' });
  expect(events).toContainEqual({ type: 'group-removed', group: 2 });
  expect(JSON.parse(JSON.stringify(events))).toEqual(events);
});
