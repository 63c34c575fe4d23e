import { expect, test } from 'vitest';
import { boot } from '../src/boot.js';
import { machineFromJson, machineToJson } from '../src/json.js';
import type { Machine } from '../src/machine.js';
import type { RunningMachine } from '../src/running-machine.js';
import { bound, changed, DISK, LIVE, live, NIC, TWIN, USB } from './support/live.js';
import { WHOLE } from './support/machines.js';
import { toy } from './support/toy.js';

const again = (machine: Machine, drivers = [toy()]): RunningMachine => boot(machine, { drivers });

/** Groups by their members. */
const partition = ({ iommu }: RunningMachine): string[] =>
  [...iommu.groups]
    .map(({ devices }) =>
      devices
        .map(({ name }) => name)
        .sort()
        .join(' '),
    )
    .sort();

test('a machine to which nothing happened describes itself as it was described, without what was observed', () => {
  const { observed, pci, ...rest } = WHOLE;
  const { pci: described, ...others } = machineToJson(boot(WHOLE, { drivers: [] }).describe());
  expect(others).toEqual(rest);
  expect({ ...described, functions: new Set(described?.functions) }).toEqual({
    ...pci,
    functions: new Set(pci?.functions),
  });
});

test('says nothing where nothing was said', () => {
  expect(boot({ schema: 1 }, { drivers: [] }).describe()).toEqual({ schema: 1 });
});

test('is a machine as the schema has it', () => {
  const running = live({ functions: changed(NIC, { driver: 'igb', subsystem: '8086:0001', revision: '01' }) });
  running.setVfs(running.device(NIC), 2);
  expect(() => machineFromJson(JSON.parse(JSON.stringify(machineToJson(running.describe()))))).not.toThrow();
});

test('shares its bytes with the description', () => {
  const config = new Uint8Array(64).fill(0xff);
  const running = live({ functions: changed(DISK, { config }) });
  expect(running.describe().pci?.functions.find(({ address }) => address === DISK)?.config).toBe(config);
});

test('holds the drivers that are bound now; of a device of which nothing was said, only if it has one', () => {
  const running = live({ functions: changed(TWIN, { driver: 'nvme' }) });
  running.bindDriver(running.device(DISK), 'vfio-pci');
  running.kernelDrivers.unbind('nvme', TWIN);
  const drivers = Object.fromEntries(
    (running.describe().pci?.functions ?? []).flatMap(({ address, driver }) =>
      driver === undefined ? [] : [[address, driver]],
    ),
  );
  expect(drivers).toMatchObject({ [DISK]: 'vfio-pci', [TWIN]: null });
  expect(USB in drivers).toBe(false);
  expect(bound(again(running.describe()))).toEqual({ [DISK]: 'vfio-pci' });
});

test('holds what is plugged in, registered or not, and the virtual functions there are', () => {
  const running = live({ functions: changed(NIC, { driver: 'igb' }) });
  running.unplug(TWIN);
  running.removeDevice(running.device(DISK));
  running.plug([{ address: '0000:00:09.0', parent: null, class: '020000' }], { notify: false });
  running.setVfs(running.device(NIC), 1);
  const addresses = running.describe().pci?.functions.map(({ address }) => address);
  expect(addresses).toEqual([
    ...LIVE.functions.map(({ address }) => address).filter((address) => address !== TWIN),
    '0000:00:09.0',
    '0000:03:10.0',
  ]);
  const booted = again(running.describe());
  expect(booted.devices.map(({ name }) => name).sort()).toEqual([...(addresses ?? [])].sort());
  expect(booted.sriovOf(booted.device(NIC))?.numVfs).toBe(1);
});

test('booted again, has the same groups', () => {
  const running = live({ functions: changed(NIC, { driver: 'igb' }) });
  running.setVfs(running.device(NIC), 3);
  running.unplug('0000:00:01.0');
  running.removeDevice(running.device('00:04.0'));
  running.rescan();
  expect(partition(again(running.describe()))).toEqual(partition(running));
});

test('holds the kernel that was booted, and under which other one ACS was read', () => {
  const machine: Machine = { schema: 1, kernel: { release: '6.1', commandLine: 'quiet' }, pci: LIVE };
  const other = boot(machine, { drivers: [toy()], kernel: '6.12', commandLine: 'iommu=pt' }).describe();
  expect(other.kernel).toEqual({ release: '6.12', commandLine: 'iommu=pt' });
  expect(other.pci).toMatchObject({ acsRead: 'after-boot', acsReadUnder: { release: '6.1', commandLine: 'quiet' } });
  const own = boot(machine, { drivers: [toy()] }).describe();
  expect([own.pci?.acsRead, own.pci?.acsReadUnder]).toEqual(['after-boot', undefined]);
});

test('holds devices of other buses that are there now', () => {
  const gone = { name: 'a', bus: 'platform', path: 'platform/a', driver: 'x' };
  const stays = { name: 'b', bus: 'platform', path: 'platform/b', driver: 'y' };
  const running = live({ machine: { devices: [gone, stays] } });
  running.removeDevice(running.device('a'));
  running.addDevice({ name: 'c', bus: 'platform', path: 'platform/c' });
  expect(running.describe().devices).toEqual([stays, { name: 'c', bus: 'platform', path: 'platform/c' }]);
  running.removeDevice(running.device('b'));
  running.removeDevice(running.device('c'));
  expect(running.describe().devices).toBeUndefined();
});

const WAITS = [toy({ groupsAt: 'driver-probe' })];

test('where groups wait for probes, holds those that there were, in their order', () => {
  const probes = { order: [{ device: DISK, driver: 'nvme' }], complete: true };
  const running = live({ drivers: WAITS, machine: { probes } });
  running.probeDriver(running.device(NIC));
  running.probeDriver(running.device(TWIN), 'nvme');
  running.removeDevice(running.device(DISK));
  running.rescan();
  const described = running.describe();
  expect(described.probes).toEqual({
    order: [
      ...['0000:00:01.0', '0000:00:02.0', '0000:00:03.0', '0000:00:04.0'].map((device) => ({
        device,
        driver: 'pcieport',
      })),
      { device: NIC, driver: 'unknown' },
      { device: TWIN, driver: 'nvme' },
    ],
    complete: true,
  });
  expect(partition(again(described, WAITS))).toEqual(partition(running));
  expect(described.notes).toBeUndefined();
});

test('among them those of drivers that were loaded since, also where the driver did not take the device', () => {
  const running = live({ drivers: WAITS, machine: { probes: { order: [], complete: true } } });
  running.kernelDrivers.register('nvme');
  running.kernelDrivers.probe('0000:04:00.0');
  expect(running.describe().probes?.order.slice(-3)).toEqual([
    { device: DISK, driver: 'nvme' },
    { device: TWIN, driver: 'nvme' },
    { device: '0000:04:00.0', driver: 'pcieport' },
  ]);
});

test('says so where the order of probes at boot was only supposed', () => {
  const functions = changed(DISK, { driver: 'nvme' }).map((fn) => (fn.address === NIC ? { ...fn, driver: 'igb' } : fn));
  const running = live({ drivers: WAITS, functions });
  const described = running.describe();
  expect(described.notes?.map(({ code }) => code)).toEqual(['probe-order-supposed']);
  expect(partition(again(described, WAITS))).toEqual(partition(running));
});
