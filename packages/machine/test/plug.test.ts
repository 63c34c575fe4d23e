import type { Device } from '@iommu/core';
import { expect, test } from 'vitest';
import { boot } from '../src/boot.js';
import type { MachinePciFunction } from '../src/machine.js';
import type { RunningMachine } from '../src/running-machine.js';
import { CARD, PORT } from './support/machines.js';
import { toy } from './support/toy.js';

const SECOND = { ...PORT, address: '0000:00:02.0', secondaryBus: 2, subordinateBus: 4 };
const SWITCH = {
  ...SECOND,
  address: '0000:02:00.0',
  parent: '0000:00:02.0',
  express: 'upstream-port',
  secondaryBus: 3,
  subordinateBus: 4,
} as const;
const DOWN = {
  ...SECOND,
  address: '0000:03:00.0',
  parent: '0000:02:00.0',
  express: 'downstream-port',
  secondaryBus: 4,
  subordinateBus: 4,
} as const;
const LEAF = { ...CARD, address: '0000:04:00.0', parent: '0000:03:00.0' };

const start = (functions: readonly MachinePciFunction[], drivers = [toy()]): RunningMachine =>
  boot({ schema: 1, pci: { functions } }, { drivers });

/** All that shows: devices, their groups and what the topology holds. */
const state = (running: RunningMachine) => ({
  devices: running.devices.map(({ name }) => name),
  functions: running.topology.devices.map(({ name, pciBus, subordinate }) => [
    name,
    pciBus.devices.length,
    subordinate?.devices.length,
  ]),
  groups: [...running.iommu.groups]
    .sort((a, b) => a.id - b.id)
    .map(({ id, devices }) => [id, ...devices.map(({ name }) => name)]),
});

const MACHINE = [PORT, CARD, SECOND, SWITCH, DOWN, LEAF];

test('takes out with a bridge all that is behind it', () => {
  const running = start(MACHINE);
  running.removeDevice(running.device('00:02.0'));
  expect(state(running)).toEqual({
    ...state(start([PORT, CARD])),
    groups: [
      [0, '0000:00:01.0'],
      [2, '0000:01:00.0'],
    ],
  });
});

test('takes the last of what is behind a bridge out first', () => {
  const running = start(MACHINE);
  const gone: string[] = [];
  running.iommu.on((event) => {
    if (event.type === 'del-device') gone.push(event.device.name);
  });
  running.removeDevice(running.device('00:02.0'));
  expect(gone).toEqual(['0000:04:00.0', '0000:03:00.0', '0000:02:00.0', '0000:00:02.0']);
});

const VIRTUAL = ['0000:01:10.0', '0000:01:10.2'].map((address) => ({
  ...CARD,
  address,
  physicalFunction: CARD.address,
}));

test('takes out virtual functions with the driver of their physical function', () => {
  const running = start([PORT, { ...CARD, driver: 'igb' }, ...VIRTUAL]);
  running.removeDevice(running.device('01:00.0'));
  expect(state(running).devices).toEqual(['0000:00:01.0']);
});

// As recorded: asked/sriov-left-on.
test('leaves virtual functions there whose physical function has no driver', () => {
  const running = start([PORT, CARD, ...VIRTUAL]);
  running.removeDevice(running.device('01:00.0'));
  expect(state(running).devices).toEqual(['0000:00:01.0', '0000:01:10.0', '0000:01:10.2']);
  running.rescan();
  expect(state(running).devices).toContain('0000:01:00.0');
  running.removeDevice(running.device('00:01.0'));
  expect(state(running)).toEqual({ devices: [], functions: [], groups: [] });
});

test('takes out virtual functions on another bus with the port above', () => {
  const far = { ...CARD, address: '0000:02:00.0', parent: PORT.address, physicalFunction: CARD.address };
  const running = start([{ ...PORT, subordinateBus: 2 }, CARD, far]);
  running.removeDevice(running.device('00:01.0'));
  expect(state(running)).toEqual({ devices: [], functions: [], groups: [] });
});

test('takes out a segment with the endpoint that hosts it', () => {
  const hosted = [
    { ...PORT, address: '10000:e0:06.0', segmentHost: '0000:00:0e.0', secondaryBus: 0xe1, subordinateBus: 0xe1 },
    { ...CARD, address: '10000:e1:00.0', parent: '10000:e0:06.0' },
  ];
  const running = start([PORT, { ...CARD, address: '0000:00:0e.0', parent: null }, ...hosted]);
  running.removeDevice(running.device('00:0e.0'));
  expect(state(running)).toEqual(state(start([PORT])));
});

test('comes back to the same when a bridge and all behind it are plugged in again', () => {
  const running = start(MACHINE);
  const before = state(running);
  running.removeDevice(running.device('00:02.0'));
  for (const fn of [SECOND, SWITCH, DOWN, LEAF]) running.addPciFunction(fn);
  expect(state(running).functions.sort()).toEqual(before.functions.sort());
  expect(state(running).groups).toEqual(before.groups);
});

test('gives a device that is plugged in the lowest free id', () => {
  const running = start(MACHINE);
  running.removeDevice(running.device('01:00.0'));
  const free = Math.min(...[0, 1, 2, 3, 4, 5].filter((id) => !running.iommu.groups.byId(id)));
  const device = running.addPciFunction(CARD);
  expect(running.iommu.groups.of(device)?.id).toBe(free);
});

test('reads the bytes of a function that is plugged in', () => {
  const config = new Uint8Array(64);
  config.set([0x0d, 0xf0, 0x10, 0x01]);
  const device = start([]).addPciFunction({ address: '0000:00:03.0', config: Buffer.from(config).toString('base64') });
  expect(device).toMatchObject({ facts: { vendor: 0xf00d, device: 0x0110 } });
});

const PLATFORM = { name: '9040000.ethernet', bus: 'platform', path: 'platform/9040000.ethernet' };

test('groups a device of another bus that is added, and forgets one that is removed', () => {
  const running = start([]);
  const device = running.addDevice(PLATFORM);
  expect(state(running).groups).toEqual([[0, '9040000.ethernet']]);
  running.removeDevice(device);
  expect([running.find(PLATFORM.name), state(running)]).toEqual([
    undefined,
    { devices: [], functions: [], groups: [] },
  ]);
});

const broken = toy({
  deviceGroup: (device, groups) => {
    if (device.name.includes('ethernet') || device.name.startsWith('0000:04')) throw new Error('broken');
    return { group: groups.alloc(), reasons: [{ rule: 'x', text: 'X.', source: 'the test', devices: [device] }] };
  },
});

const foreign = (): Device => start([SECOND]).device('00:02.0');

const MISTAKES: readonly (readonly [string, string, (running: RunningMachine) => void])[] = [
  ['adding a function that is there', 'ERR_PCI_DUPLICATE', (running) => void running.addPciFunction(CARD)],
  [
    'adding a function without an address',
    'ERR_PCI_ADDRESS',
    (running) => void running.addPciFunction({ address: 'x' }),
  ],
  [
    'adding a function with broken bytes',
    'ERR_MACHINE',
    (running) => void running.addPciFunction({ address: '0000:00:05.0', config: '#' }),
  ],
  ['adding a function that the driver fails on', 'ERR_DRIVER_CONTRACT', (running) => void running.addPciFunction(LEAF)],
  [
    'adding a bridge that the driver fails on',
    'ERR_DRIVER_CONTRACT',
    (running) => void running.addPciFunction({ ...DOWN, address: '0000:04:00.0', secondaryBus: 5, subordinateBus: 5 }),
  ],
  ['adding a device that the driver fails on', 'ERR_DRIVER_CONTRACT', (running) => void running.addDevice(PLATFORM)],
  ['removing a device of another machine', 'ERR_DEVICE_UNKNOWN', (running) => running.removeDevice(foreign())],
];

test.each(MISTAKES)('%s changes nothing', (_, code, mistake) => {
  const running = start([PORT, CARD, SECOND, SWITCH, DOWN], [broken]);
  const before = state(running);
  expect(() => mistake(running)).toThrow(expect.objectContaining({ code }));
  expect(state(running)).toEqual(before);
});

test('adding a device twice changes nothing', () => {
  const running = start([]);
  running.addDevice(PLATFORM);
  const before = state(running);
  expect(() => running.addDevice(PLATFORM)).toThrow(expect.objectContaining({ code: 'ERR_DEVICE_EXISTS' }));
  expect(state(running)).toEqual(before);
});

test('removing a device twice changes nothing', () => {
  const running = start(MACHINE);
  const device = running.device('01:00.0');
  running.removeDevice(device);
  const before = state(running);
  expect(() => running.removeDevice(device)).toThrow(expect.objectContaining({ code: 'ERR_DEVICE_UNKNOWN' }));
  expect(state(running)).toEqual(before);
});

test('takes what failed once when it is tried again', () => {
  let fails = true;
  const driver = toy({
    probeDevice: () => {
      if (fails) throw new Error('broken');
      return undefined;
    },
  });
  const running = start([], [driver]);
  expect(() => running.addPciFunction(PORT)).toThrow(expect.objectContaining({ code: 'ERR_DRIVER_CONTRACT' }));
  fails = false;
  running.addPciFunction(PORT);
  expect(state(running).groups).toEqual([[0, '0000:00:01.0']]);
});

test('a rescan finds again what was taken out, bridges before what is behind them', () => {
  const running = start(MACHINE);
  const before = state(running);
  running.removeDevice(running.device('00:02.0'));
  expect(running.rescan().map(({ name }) => name)).toEqual([
    '0000:00:02.0',
    '0000:02:00.0',
    '0000:03:00.0',
    '0000:04:00.0',
  ]);
  expect(new Set(state(running).devices)).toEqual(new Set(before.devices));
  expect(state(running).groups.length).toBe(before.groups.length);
});

test('a rescan finds nothing where all is there, and no virtual functions', () => {
  const virtual = { ...CARD, address: '0000:01:00.1', physicalFunction: '0000:01:00.0' };
  const running = start([PORT, CARD, virtual]);
  expect(running.rescan()).toEqual([]);
  running.removeDevice(running.device('01:00.1'));
  expect(running.rescan()).toEqual([]);
});
