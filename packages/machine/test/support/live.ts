import { type IommuDriver, isIommuError } from '@iommu/core';
import { boot } from '../../src/boot.js';
import { endpoint, layOut, multifunction, pcieToPciBridge, rootPort } from '../../src/build.js';
import type { Machine, MachinePciFunction } from '../../src/machine.js';
import type { RunningMachine } from '../../src/running-machine.js';
import { toy } from './toy.js';

/** Root ports with ACS, and behind them a disk, a card of two functions, a network card with virtual functions, a bridge. */
export const LIVE = layOut([
  {
    devices: [
      rootPort({ slot: 1, acs: true, driver: 'pcieport' }, [endpoint({ id: '1b36:0010', class: '010802' })]),
      rootPort({ slot: 2, acs: true, driver: 'pcieport' }, [
        multifunction(endpoint({ id: '1b36:0010', class: '010802' }), endpoint({ id: '1b36:000d', class: '0c0330' })),
      ]),
      rootPort({ slot: 3, acs: true, driver: 'pcieport' }, [
        endpoint({ id: '8086:10c9', class: '020000', vfs: { count: 0, total: 8, stride: 2, id: '8086:10ca' } }),
      ]),
      rootPort({ slot: 4, acs: true, driver: 'pcieport' }, [
        pcieToPciBridge({}, [endpoint({ id: '1234:11e8', class: '00ff00' }), endpoint({ id: '1234:11e8' })]),
      ]),
    ],
  },
]);

export const DISK = '0000:01:00.0';
export const TWIN = '0000:02:00.0';
export const USB = '0000:02:00.1';
export const NIC = '0000:03:00.0';

export interface LiveOptions {
  readonly release?: string;
  readonly commandLine?: string;
  readonly drivers?: readonly IommuDriver[];
  readonly functions?: readonly MachinePciFunction[];
  readonly machine?: Partial<Machine>;
}

export const live = ({
  release = '7.3',
  commandLine = '',
  drivers = [toy()],
  functions = LIVE.functions,
  machine = {},
}: LiveOptions = {}): RunningMachine =>
  boot({ schema: 1, kernel: { release, commandLine }, pci: { ...LIVE, functions }, ...machine }, { drivers });

/** The same function with another description. */
export const changed = (address: string, more: Partial<MachinePciFunction>): MachinePciFunction[] =>
  LIVE.functions.map((fn) => (fn.address === address ? { ...fn, ...more } : fn));

/** The errno of what the kernel refuses; `undefined`: it did not. */
export const errnoOf = (act: () => void): string | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (isIommuError(error, 'ERR_REFUSED')) return error.errno;
    throw error;
  }
};

/** Drivers by the devices that have one. */
export const bound = (running: RunningMachine): Record<string, string> =>
  Object.fromEntries(
    running.devices.flatMap((device) => {
      const driver = running.kernelDrivers.driverOf(device);
      return driver === undefined || driver === 'pcieport' ? [] : [[device.name, driver]];
    }),
  );

/** All that shows of a machine. */
export const snapshot = (running: RunningMachine): unknown => ({
  devices: running.devices.map((device) => [
    device.name,
    device.path,
    running.kernelDrivers.driverOf(device),
    running.kernelDrivers.overrideOf(device),
    running.sriovOf(device),
  ]),
  groups: [...running.iommu.groups].map(({ id, type, references, linkNames }) => ({
    id,
    type,
    references,
    linkNames,
  })),
  hardware: running.hardware.map(({ address }) => address),
  drivers: running.kernelDrivers.names,
  autoprobe: running.kernelDrivers.autoprobe,
  described: running.describe(),
});
