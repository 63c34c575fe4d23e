import { describe, expect, test } from 'vitest';
import { boot } from '../src/boot.js';
import type { Machine, MachinePciFunction, MachineProbe } from '../src/machine.js';
import type { RunningMachine } from '../src/running-machine.js';
import { toy } from './support/toy.js';

const driver = toy({ groupsAt: 'driver-probe' });
const ACS = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };

const port = (slot: number, more: Partial<MachinePciFunction> = {}): MachinePciFunction => ({
  address: `0000:00:0${slot}.0`,
  class: '060400',
  headerType: 1,
  express: 'root-port',
  acs: ACS,
  secondaryBus: slot,
  subordinateBus: slot,
  driver: 'pcieport',
  ...more,
});

const card = (bus: number, more: Partial<MachinePciFunction> = {}): MachinePciFunction => ({
  address: `0000:0${bus}:00.0`,
  class: '020000',
  headerType: 0,
  express: 'endpoint',
  acs: null,
  driver: null,
  ...more,
});

const run = (functions: readonly MachinePciFunction[], rest: Partial<Machine> = {}): RunningMachine =>
  boot({ schema: 1, firmware: {}, pci: { functions }, ...rest }, { drivers: [driver] });

/** Ids and members; `?` where the id does not follow from the description. */
const groups = (running: RunningMachine): string[] =>
  [...running.iommu.groups].map(
    (group) =>
      `${running.idIsKnown(group) ? group.id : '?'}: ${group.devices.map(({ name }) => name.slice(5)).join(' ')}`,
  );

/** The host bridge of QEMU's q35. */
const q35 = (driver: string | null = null): MachinePciFunction => ({
  address: '0000:00:00.0',
  id: '8086:29c0',
  class: '060000',
  headerType: 0,
  express: null,
  driver,
});

const probe = (device: string, name: string): MachineProbe => ({ device: `0000:${device}`, driver: name });
const codes = ({ diagnostics }: RunningMachine): string[] =>
  diagnostics.map(({ code }) => code).filter((code) => code.startsWith('probe'));

test('groups bridges first, and no device without a driver', () => {
  expect(groups(run([port(1), port(2), card(1)]))).toEqual(['0: 00:01.0', '1: 00:02.0']);
});

test('groups in the order of a history', () => {
  const order = [probe('02:00.0', 'foo'), probe('01:00.0', 'foo')];
  expect(groups(run([port(1), port(2), card(1), card(2)], { probes: { order } }))).toEqual([
    '0: 00:01.0',
    '1: 00:02.0',
    '2: 02:00.0',
    '3: 01:00.0',
  ]);
});

test('takes a complete history as it is', () => {
  const probes = { order: [probe('01:00.0', 'foo')], complete: true };
  expect(groups(run([port(1), card(1)], { probes }))[0]).toBe('0: 01:00.0');
});

test('groups what a history names although it has no driver in the end', () => {
  const probes = { order: [probe('01:00.0', 'foo')] };
  expect(groups(run([port(1), card(1)], { probes }))).toContain('1: 01:00.0');
});

test('knows the id of a single device that was probed at an unknown time', () => {
  const running = run([port(1), card(1, { driver: 'foo' })]);
  expect([groups(running), codes(running)]).toEqual([['0: 00:01.0', '1: 01:00.0'], []]);
});

test('does not know the ids of several devices that were probed at unknown times', () => {
  const running = run([port(1), port(2), card(1, { driver: 'foo' }), card(2, { driver: 'bar' })]);
  expect(groups(running)).toEqual(['0: 00:01.0', '1: 00:02.0', '?: 01:00.0', '?: 02:00.0']);
  expect(codes(running)).toEqual(['probe-order-unknown']);
});

test('knows no id of a group that may have been formed after others', () => {
  const probes = { order: [probe('02:00.0', 'pci-stub')] };
  const running = run([port(1), port(2), card(1, { driver: 'foo' }), card(2, { driver: 'pci-stub' })], { probes });
  expect(groups(running)).toEqual(['0: 00:01.0', '1: 00:02.0', '?: 02:00.0', '?: 01:00.0']);
});

test('does not know ids up to that of a group which another of its members may have formed earlier', () => {
  const order = [probe('02:00.0', 'foo'), probe('01:00.0', 'foo'), probe('03:00.0', 'foo')];
  const functions = [port(1), port(2), port(3), card(1), card(1, { address: '0000:01:00.1', driver: 'bar' })];
  const running = run([...functions, card(2), card(3)], { probes: { order } });
  expect(groups(running).slice(3)).toEqual(['?: 02:00.0', '?: 01:00.0 01:00.1', '5: 03:00.0']);
  expect(codes(running)).toEqual(['probe-order-unknown']);
});

test('knows all ids when what was probed at unknown times forms no group', () => {
  const probes = { order: [probe('02:00.0', 'pci-stub')] };
  const bare = { acs: null };
  const machine = [port(1, bare), port(2), card(1, { driver: 'foo' }), card(2, { driver: 'pci-stub' })];
  const running = run(machine, { probes });
  expect([groups(running), codes(running)]).toEqual([['0: 00:01.0 01:00.0', '1: 00:02.0', '2: 02:00.0'], []]);
});

describe('devices of which a driver said nothing', () => {
  const functions = [1, 2, 3].flatMap((bus) => [port(bus), card(bus, { driver: 'virtio-pci' })]);
  const afterPorts = (...order: MachineProbe[]) => groups(run(functions, { probes: { order } })).slice(3);

  test('are put between those of which it spoke', () => {
    const order = [probe('01:00.0', 'virtio-pci'), probe('09:00.0', 'x'), probe('03:00.0', 'virtio-pci')];
    expect(afterPorts(...order)).toEqual(['3: 01:00.0', '4: 02:00.0', '5: 03:00.0']);
  });

  test('are put before the first and behind the last', () => {
    expect(afterPorts(probe('02:00.0', 'virtio-pci'))).toEqual(['3: 01:00.0', '4: 02:00.0', '5: 03:00.0']);
  });

  test('are not bridges, which come in their own order', () => {
    const bridges = [port(1, { driver: 'shpchp' }), port(2), port(3, { driver: 'shpchp' })];
    const order = [probe('00:01.0', 'shpchp'), probe('00:02.0', 'pcieport')];
    expect(groups(run(bridges, { probes: { order } }))).toEqual(['0: 00:01.0', '1: 00:02.0', '2: 00:03.0']);
  });

  test('are put nowhere when it spoke in another order', () => {
    const order = [probe('03:00.0', 'virtio-pci'), probe('01:00.0', 'virtio-pci')];
    expect(afterPorts(...order)).toEqual(['?: 03:00.0', '?: 01:00.0', '?: 02:00.0']);
  });

  test('are put nowhere when the driver is told of each by hand', () => {
    const stubbed = functions.map((fn) => (fn.driver === 'pcieport' ? fn : { ...fn, driver: 'pci-stub' }));
    const probes = { order: [probe('01:00.0', 'pci-stub')] };
    expect(groups(run(stubbed, { probes })).slice(3)).toEqual(['?: 01:00.0', '?: 02:00.0', '?: 03:00.0']);
  });
});

test('takes every device to have been probed where nothing tells of drivers, and says so', () => {
  const functions = [port(1), card(1)].map(({ driver: _, ...fn }) => fn);
  const running = run(functions);
  expect([groups(running), codes(running)]).toEqual([['0: 00:01.0', '1: 01:00.0'], ['probes-unknown']]);
});

test('puts a bridge that the history does not name before the bridges that follow it', () => {
  const order = [probe('00:02.0', 'pcieport'), probe('01:00.0', 'foo')];
  const running = run([port(1), port(2), port(3), card(1)], { probes: { order } });
  expect(groups(running)).toEqual(['0: 00:01.0', '1: 00:02.0', '2: 00:03.0', '3: 01:00.0']);
});

test('puts a bridge before what another driver said of it', () => {
  const order = [probe('00:03.0', 'shpchp'), probe('00:02.0', 'pcieport')];
  const running = run([port(1), port(2), port(3)], { probes: { order } });
  expect(groups(running)).toEqual(['0: 00:01.0', '1: 00:03.0', '2: 00:02.0']);
});

test('has bridges looked at for standard hot-plug controllers where the command line switches the port driver off', () => {
  const kernel = { commandLine: 'pcie_ports=compat' };
  const functions = [port(1, { driver: null }), port(2, { driver: null, class: '060401' }), card(1)];
  expect(groups(run(functions, { kernel }))).toEqual(['0: 00:01.0']);
});

describe('a bridge of which its driver spoke after others were probed', () => {
  const bare = { acs: null };

  test('may have its group from before them', () => {
    const order = [probe('00:01.0', 'pcieport'), probe('01:00.0', 'foo'), probe('00:02.0', 'pcieport')];
    const running = run([port(1), port(2), card(1), card(2)], {
      probes: { order: [...order, probe('02:00.0', 'foo')] },
    });
    expect(groups(running)).toEqual(['0: 00:01.0', '?: 01:00.0', '?: 00:02.0', '3: 02:00.0']);
    expect([codes(running), running.contested.size]).toEqual([['probe-order-unknown'], 0]);
  });

  test('may have been overtaken by somebody who bound another bridge', () => {
    const order = [probe('00:01.0', 'pcieport'), probe('00:03.0', 'pci-stub'), probe('00:02.0', 'pcieport')];
    expect(groups(run([port(1), port(2), port(3)], { probes: { order } }))).toEqual([
      '0: 00:01.0',
      '?: 00:03.0',
      '?: 00:02.0',
    ]);
  });

  test('leaves open whether it took in what is behind it, where it does not isolate', () => {
    const order = [probe('00:01.0', 'pcieport'), probe('02:00.0', 'foo'), probe('00:02.0', 'pcieport')];
    const running = run([port(1), port(2, bare), card(1), card(2)], { probes: { order } });
    expect([...running.contested].map(({ name }) => name)).toEqual(['0000:02:00.0', '0000:00:02.0']);
    expect(codes(running)).toEqual(['probe-order-unknown', 'probe-order-decides']);
  });

  test('does not matter to what a bridge above it took in before', () => {
    const order = [probe('00:01.0', 'pcieport'), probe('03:00.0', 'foo'), probe('02:00.0', 'pcieport')];
    const above = port(1, { ...bare, subordinateBus: 3 });
    const below = [
      port(2, { ...bare, address: '0000:01:00.0', express: 'upstream-port', subordinateBus: 3 }),
      port(3, { ...bare, address: '0000:02:00.0', express: 'downstream-port' }),
    ];
    const running = run([above, ...below, card(3)], { probes: { order } });
    expect([groups(running), running.contested.size]).toEqual([['0: 00:01.0 03:00.0 01:00.0 02:00.0'], 0]);
  });
});

test('leaves out names that the machine has not', () => {
  const probes = { order: [probe('09:00.0', 'foo')] };
  expect(groups(run([port(1)], { probes }))).toEqual(['0: 00:01.0']);
});

/** Serves one device only. */
const first = () => {
  let owner: string | undefined;
  return toy({
    groupsAt: 'driver-probe',
    probeDevice(device) {
      owner ??= device.name;
      if (owner === device.name) return undefined;
      const rival = running?.find(owner);
      return {
        errno: 'ENODEV',
        reason: { rule: 'taken', text: 'Taken.', source: 'the test', devices: rival ? [rival] : [device] },
      };
    },
  });
};
let running: RunningMachine | undefined;

test('gives a device that was refused another chance when a driver is probed again', () => {
  running = boot(
    { schema: 1, firmware: {}, pci: { functions: [card(0), card(1)] }, probes: { order: [], complete: true } },
    { drivers: [first()] },
  );
  running.probeDriver(running.device('00:00.0'));
  running.probeDriver(running.device('01:00.0'));
  expect(running.outcomeOf(running.device('01:00.0')).reasons[0]?.rule).toBe('taken');
});

describe('the host bridge of a q35', () => {
  const kernel = { release: '6.12.0-amd64' };

  test('was probed on x86 although it has no driver, at a time unknown', () => {
    const probes = { order: [probe('01:00.0', 'foo')] };
    const running = run([q35(), port(1), card(1)], { kernel, probes });
    expect(groups(running)).toEqual(['0: 00:01.0', '?: 01:00.0', '?: 00:00.0']);
    expect(codes(running)).toEqual(['probes-unknown', 'probe-order-unknown']);
  });

  test('may have been probed before what the log says of it', () => {
    const probes = { order: [probe('01:00.0', 'foo'), probe('00:00.0', 'pci-stub')] };
    expect(groups(run([q35('pci-stub'), port(1), card(1)], { kernel, probes }))).toEqual([
      '0: 00:01.0',
      '?: 01:00.0',
      '?: 00:00.0',
    ]);
  });

  test('was probed when the driver for graphics apertures says so', () => {
    const probes = { order: [probe('00:00.0', 'agpgart-intel'), probe('01:00.0', 'foo')] };
    const running = run([q35(), port(1), card(1)], { kernel, probes });
    expect([groups(running), codes(running)]).toEqual([['0: 00:01.0', '1: 00:00.0', '2: 01:00.0'], []]);
  });

  test('was not probed on another architecture', () => {
    const probes = { order: [probe('01:00.0', 'foo')] };
    const running = run([q35(), port(1), card(1)], { kernel: { release: '6.12.0-arm64' }, probes });
    expect([groups(running), codes(running)]).toEqual([['0: 00:01.0', '1: 01:00.0'], []]);
  });

  test('was not probed where a history is complete', () => {
    const probes = { order: [probe('01:00.0', 'foo')], complete: true };
    expect(groups(run([q35(), port(1, { driver: null }), card(1)], { kernel, probes }))).toEqual(['0: 01:00.0']);
  });
});

test('takes no order from probes of devices that are behind no IOMMU', () => {
  const iommu = { ...card(1, { driver: 'foo' }), address: '0000:00:08.0' };
  const others = toy({
    groupsAt: 'driver-probe',
    unitOf: ({ name }) => (name === iommu.address ? undefined : 'toy0'),
  });
  const functions = [port(1), iommu, card(1, { driver: 'foo' }), card(2)];
  const probes = { order: [probe('00:08.0', 'foo'), probe('00:01.0', 'pcieport'), probe('02:00.0', 'bar')] };
  const running = boot({ schema: 1, firmware: {}, pci: { functions }, probes }, { drivers: [others] });
  expect(groups(running)).toEqual(['0: 00:01.0', '?: 02:00.0', '?: 01:00.0']);
});

test('tells nothing of devices that another driver grouped when its units registered', () => {
  const early = toy({ name: 'early', unitOf: ({ name }) => (name.startsWith('0000:00') ? 'toy0' : undefined) });
  const functions = [port(1), card(1)].map(({ driver: _, ...rest }) => rest);
  const running = boot({ schema: 1, firmware: {}, pci: { functions } }, { drivers: [early, driver] });
  expect(groups(running)).toEqual(['0: 00:01.0', '1: 01:00.0']);
  const guess = running.diagnostics.find(({ code }) => code === 'probes-unknown');
  expect(guess?.message).toContain('probed for 0000:01:00.0;');
});
