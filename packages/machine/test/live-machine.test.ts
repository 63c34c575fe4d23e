import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { boot } from '../src/boot.js';
import { endpoint, layOut, multifunction, pcieSwitch, pcieToPciBridge, rootPort } from '../src/build.js';
import type { RunningMachine } from '../src/running-machine.js';
import { errnoOf, snapshot } from './support/live.js';
import { toy } from './support/toy.js';

/*
 * Whatever is done to a running machine, in any order: nothing leaks, what is refused changes nothing, and a fresh boot
 * of what it says of itself gives the same groups.
 */

const { functions } = layOut([
  {
    devices: [
      rootPort({ slot: 1, acs: true }, [endpoint({ id: '1b36:0010', class: '010802' })]),
      rootPort({ slot: 2 }, [
        multifunction(endpoint({ id: '1b36:0010', class: '010802' }), endpoint({ id: '1b36:000d', class: '0c0330' })),
      ]),
      rootPort({ slot: 3, acs: true }, [
        endpoint({
          id: '8086:10c9',
          class: '020000',
          driver: 'igb',
          vfs: { count: 0, total: 3, stride: 2, id: '8086:10ca' },
        }),
      ]),
      rootPort({ slot: 4, acs: true }, [
        pcieSwitch({}, [
          rootPort({ slot: 0, acs: true }, [endpoint({})]),
          rootPort({ slot: 1 }, [pcieToPciBridge({}, [endpoint({}), endpoint({})])]),
        ]),
      ]),
    ],
  },
]);

const addresses = functions.map(({ address }) => address);
const VIRTUAL = ['0000:03:10.0', '0000:03:10.2', '0000:03:10.4'];
const DRIVERS = ['nvme', 'igb', 'pci-stub', 'vfio-pci', 'pcieport', 'nosuch'];

type Act = (running: RunningMachine) => void;

/** One thing that is done to a machine, and what it does; what the machine does not have is passed over. */
const act = (): fc.Arbitrary<readonly [string, Act]> => {
  const name = fc.constantFrom(...addresses, ...VIRTUAL);
  const driver = fc.constantFrom(...DRIVERS);
  const onDevice = (
    running: RunningMachine,
    address: string,
    then: (device: NonNullable<ReturnType<RunningMachine['find']>>) => void,
  ) => {
    const device = running.find(address);
    if (device) then(device);
  };
  const all: readonly fc.Arbitrary<readonly [string, Act]>[] = [
    name.map((at) => [`remove ${at}`, (one) => onDevice(one, at, (device) => one.removeDevice(device))]),
    fc.constant(['rescan', (one) => void one.rescan()]),
    name.map((at) => [
      `rescan behind ${at}`,
      (one) => {
        const bus = one.topology.find(at)?.subordinate;
        if (bus) one.rescan(bus);
      },
    ]),
    fc.constantFrom(...addresses).map((at) => [
      `unplug ${at}`,
      (one) => {
        if (one.hardware.some(({ address }) => address === at)) one.unplug(at);
      },
    ]),
    fc.tuple(fc.subarray([...functions], { minLength: 1 }), fc.boolean()).map(([some, notify]) => [
      `plug ${some.map(({ address }) => address).join(' ')} ${notify}`,
      (one) => {
        const there = new Set(one.hardware.map(({ address }) => address));
        one.plug(
          some.filter(({ address }) => !there.has(address)),
          { notify },
        );
      },
    ]),
    fc.tuple(driver, name).map(([by, at]) => [`bind ${by} ${at}`, (one) => one.kernelDrivers.bind(by, at)]),
    fc.tuple(driver, name).map(([by, at]) => [`unbind ${by} ${at}`, (one) => one.kernelDrivers.unbind(by, at)]),
    fc
      .tuple(driver, name)
      .map(([by, at]) => [
        `override ${at} ${by}`,
        (one) => onDevice(one, at, (device) => one.kernelDrivers.setOverride(device, by)),
      ]),
    name.map((at) => [
      `clear ${at}`,
      (one) => onDevice(one, at, (device) => one.kernelDrivers.setOverride(device, '\n')),
    ]),
    name.map((at) => [`probe ${at}`, (one) => one.kernelDrivers.probe(at)]),
    driver.map((by) => [
      `register ${by}`,
      (one) =>
        one.kernelDrivers.register(
          by,
          by === 'igb'
            ? { ids: ['8086:10c9'], parameters: { enable_sriov: '1' } }
            : { parameters: { enable_sriov: '1' } },
        ),
    ]),
    driver.map((by) => [`unregister ${by}`, (one) => one.kernelDrivers.unregister(by)]),
    fc
      .tuple(driver, fc.constantFrom('1b36 0010', '8086 10ca', '8086'))
      .map(([by, id]) => [`new_id ${by} ${id}`, (one) => one.kernelDrivers.newId(by, id)]),
    fc
      .tuple(fc.constantFrom('0000:03:00.0', ...addresses), fc.nat(4))
      .map(([at, count]) => [`vfs ${at} ${count}`, (one) => onDevice(one, at, (device) => one.setVfs(device, count))]),
    fc.tuple(name, fc.boolean()).map(([at, claims]) => [
      `claim ${at} ${claims}`,
      (one) =>
        onDevice(one, at, (device) => {
          const group = one.iommu.groups.of(device);
          if (group && claims) one.iommu.claimGroup(group, 'vfio');
          else if (group) one.iommu.releaseGroup(group);
        }),
    ]),
    fc.boolean().map((on) => [
      `autoprobe ${on}`,
      (one) => {
        one.kernelDrivers.autoprobe = on;
      },
    ]),
  ];
  return fc.oneof(...all);
};

const start = (): RunningMachine =>
  boot({ schema: 1, pci: { functions, acsRead: 'after-boot' } }, { drivers: [toy()] });

/** Every group has just its members' references, and every member is a device that is there. */
const expectNoLeak = (running: RunningMachine): void => {
  const there = new Set(running.devices);
  const groups = [...running.iommu.groups];
  expect(groups.map(({ references }) => references)).toEqual(groups.map(({ devices }) => devices.length));
  expect(groups.flatMap(({ devices }) => devices).every((device) => there.has(device))).toBe(true);
  expect(new Set(groups.flatMap(({ devices }) => devices))).toEqual(there);
  expect(new Set<unknown>(running.topology.devices)).toEqual(there);
};

const partition = ({ iommu }: RunningMachine): string[] =>
  [...iommu.groups]
    .map(({ devices }) =>
      devices
        .map(({ name }) => name)
        .sort()
        .join(' '),
    )
    .sort();

/** Events, told in such a way that the devices and bindings that there are follow from them. */
class Witness {
  readonly devices = new Set<string>();
  readonly bound = new Map<string, string>();
  readonly drivers = new Set<string>();

  constructor(running: RunningMachine) {
    for (const device of running.devices) {
      this.devices.add(device.name);
      const driver = running.kernelDrivers.driverOf(device);
      if (driver !== undefined) this.bound.set(device.name, driver);
    }
    for (const name of running.kernelDrivers.names) this.drivers.add(name);
    running.on((event) => {
      if (event.type === 'device-added') this.devices.add(event.device.name);
      if (event.type === 'device-removed') this.devices.delete(event.device.name);
      if (event.type === 'driver-bound') this.bound.set(event.device.name, event.driver);
      if (event.type === 'driver-unbound') this.bound.delete(event.device.name);
      if (event.type === 'driver-registered') this.drivers.add(event.driver);
      if (event.type === 'driver-unregistered') this.drivers.delete(event.driver);
    });
  }

  expectAll(running: RunningMachine): void {
    const bound = running.devices.flatMap((device): (readonly [string, string])[] => {
      const driver = running.kernelDrivers.driverOf(device);
      return driver === undefined ? [] : [[device.name, driver]];
    });
    expect(this.devices).toEqual(new Set(running.devices.map(({ name }) => name)));
    expect(this.bound).toEqual(new Map(bound));
    expect(this.drivers).toEqual(new Set(running.kernelDrivers.names));
  }
}

test('whatever is done: no reference leaks, what is refused changes nothing, and events tell it all', () => {
  fc.assert(
    fc.property(fc.array(act(), { maxLength: 30 }), (acts) => {
      const running = start();
      const witness = new Witness(running);
      for (const [, perform] of acts) {
        const before = snapshot(running);
        if (errnoOf(() => perform(running)) !== undefined) expect(snapshot(running)).toEqual(before);
        expectNoLeak(running);
        witness.expectAll(running);
      }
    }),
    { numRuns: runs(2_000, 200) },
  );
});

// Every function of several has its multifunction bit here: without it, where it was plugged in decides on its group.
test('what it says of itself, booted again, has the same groups', () => {
  fc.assert(
    fc.property(fc.array(act(), { maxLength: 20 }), (acts) => {
      const running = start();
      for (const [, perform] of acts) errnoOf(() => perform(running));
      running.rescan();
      // What nothing leads to, or whose slot has no function 0, is plugged in and found by no rescan; a boot would find it.
      const machine = running.describe();
      const known = new Set(running.devices.map(({ name }) => name));
      const found = {
        ...machine,
        pci: { ...machine.pci, functions: (machine.pci?.functions ?? []).filter(({ address }) => known.has(address)) },
      };
      expect(partition(boot(found, { drivers: [toy()] }))).toEqual(partition(running));
    }),
    { numRuns: runs(2_000, 200) },
  );
});
