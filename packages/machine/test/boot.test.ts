import { isIommuError } from '@iommu/core';
import { expect, test } from 'vitest';
import { type BootOptions, boot } from '../src/boot.js';
import type { Machine, MachineDevice, MachinePciFunction } from '../src/machine.js';
import type { RunningMachine } from '../src/running-machine.js';
import { CARD, PORT } from './support/machines.js';
import { because, refusal, toy } from './support/toy.js';

const run = (machine: Omit<Machine, 'schema'>, options: Partial<BootOptions> = {}): RunningMachine =>
  boot({ schema: 1, ...machine }, { drivers: [toy()], ...options });

const pci = (...functions: MachinePciFunction[]) => ({ pci: { functions } });
const simple = (...addresses: string[]) =>
  pci(...addresses.map((address) => ({ address, express: null, headerType: 0 })));

const names = ({ devices }: RunningMachine) => devices.map(({ name }) => name);
const groups = ({ iommu }: RunningMachine) =>
  [...iommu.groups].map(({ id, devices }) => [id, ...devices.map(({ name }) => name)]);
const codes = ({ diagnostics }: RunningMachine) => diagnostics.map(({ code }) => code);

const ETHERNET: MachineDevice = { name: '9040000.ethernet', bus: 'platform', path: 'platform/9040000.ethernet' };
const SERIAL: MachineDevice = { name: '9000000.serial', bus: 'amba', path: 'platform/9000000.serial' };

test('boots a machine without anything', () => {
  expect([names(run({})), groups(run({}))]).toEqual([[], []]);
});

test('finds PCI devices bus by bus, whatever their order in the description', () => {
  expect(names(run(pci(CARD, { address: '0000:00:02.0' }, PORT)))).toEqual([
    '0000:00:01.0',
    '0000:00:02.0',
    '0000:01:00.0',
  ]);
});

test('finds PCI devices in the order that the description knows', () => {
  const order = ['0000:00:02.0', '0000:00:01.0'];
  const { pci: functions } = simple('0000:00:01.0', '0000:00:02.0');
  expect(names(run({ pci: { ...functions, order } }))).toEqual(order);
});

test('scans root buses in the order that the description knows', () => {
  const { pci: functions } = simple('0000:00:01.0', '0000:80:01.0');
  expect(names(run({ pci: { ...functions, rootBuses: ['0000:80', '0000:00'] } }))).toEqual([
    '0000:80:01.0',
    '0000:00:01.0',
  ]);
});

test('groups platform devices before PCI devices, and those of AMBA after them', () => {
  const running = run({ devices: [SERIAL, ETHERNET], ...simple('0000:00:01.0') });
  expect(groups(running)).toEqual([
    [0, '9040000.ethernet'],
    [1, '0000:00:01.0'],
    [2, '9000000.serial'],
  ]);
});

const twoUnits = toy({
  units: ['toy0', 'toy1'],
  unitOf: ({ name }) => (name.startsWith('0000:00:01') ? 'toy1' : 'toy0'),
});

test.each([
  ['6.1', ['0000:00:02.0', '0000:00:03.0', '0000:00:01.0']],
  ['6.0', ['0000:00:01.0', '0000:00:02.0', '0000:00:03.0']],
])('hands ids out as release %s does', (kernel, order) => {
  const running = run(simple('0000:00:01.0', '0000:00:02.0', '0000:00:03.0'), { drivers: [twoUnits], kernel });
  expect(groups(running).map(([, name]) => name)).toEqual(order);
});

/** A port whose ACS is off, as it was read. */
const OFF = { ...PORT, acs: { capability: 'SV RR CR UF', control: '' } };

const partition = (acsRead: 'before-boot' | 'after-boot' | undefined, options: Partial<BootOptions> = {}) => {
  const kernel = { release: '6.1.0', commandLine: 'quiet' };
  const running = run({ kernel, pci: { functions: [OFF, CARD], ...(acsRead && { acsRead }) } }, options);
  return groups(running).length === 1 ? 'together' : 'apart';
};

test.each([
  ['before the boot are switched on', 'before-boot', {}, 'apart'],
  ['at an unknown time are switched on', undefined, {}, 'apart'],
  ['after the boot stand', 'after-boot', {}, 'together'],
  ['after the boot stand for the same kernel', 'after-boot', { kernel: '6.1.0' }, 'together'],
  ['after the boot stand for the same command line', 'after-boot', { commandLine: 'quiet' }, 'together'],
  ['after another kernel booted are switched on', 'after-boot', { kernel: '6.12.0' }, 'apart'],
  ['after a boot with another command line are switched on', 'after-boot', { commandLine: '' }, 'apart'],
  ['after the boot stand under another policy', 'after-boot', { policy: 'kernel' }, 'together'],
] as const)('ACS bits that were read %s', (_, acsRead, options, expected) => {
  expect(partition(acsRead, options)).toBe(expected);
});

test('ACS bits that were read after another kernel booted are switched on, whichever the machine has now', () => {
  const kernel = { release: '6.1.0', commandLine: 'quiet' };
  const under = (acsReadUnder: Machine['kernel'], options: Partial<BootOptions> = {}) => {
    const pci = { functions: [OFF, CARD], acsRead: 'after-boot', ...(acsReadUnder && { acsReadUnder }) } as const;
    return groups(run({ kernel, pci }, options)).length === 1 ? 'together' : 'apart';
  };
  expect(under(kernel)).toBe('together');
  expect(under({ release: '5.10', commandLine: 'quiet' })).toBe('apart');
  expect(under({ release: '6.1.0' })).toBe('apart');
  expect(under({ release: '5.10', commandLine: 'quiet' }, { kernel: '5.10' })).toBe('together');
});

test('leaves ACS off where no driver asks for it', () => {
  expect(partition('before-boot', { drivers: [toy({ busFeatures: [] })] })).toBe('together');
});

test.each([
  ['pessimistic', 'together'],
  ['optimistic', 'apart'],
] as const)('decides the unknown %s', (unknown, expected) => {
  const { acs: _, ...port } = PORT;
  expect(groups(run(pci(port, CARD), { unknown })).length === 1 ? 'together' : 'apart').toBe(expected);
});

test('takes the kernel and the command line that are asked for', () => {
  const { kernel } = run({ kernel: { release: '6.1', commandLine: 'a' } }, { kernel: '5.4', commandLine: 'b=c' });
  expect([kernel.release, kernel.commandLine]).toEqual(['5.4', [{ name: 'b', value: 'c' }]]);
});

test('takes the rules of the policy that is asked for', () => {
  expect(run({ kernel: { release: '6.1' } }, { policy: 'grouping-3.17' }).kernel.rule('pci-group')).toBe('v3.17');
});

test('refuses a policy that there is not', () => {
  expect(() => run({}, { policy: 'modern' })).toThrow(expect.objectContaining({ code: 'ERR_POLICY' }));
});

const ASSUMED = { acpi: { TOYT: Uint8Array.of(1) }, text: 'One unit for all.' };
const needy = toy({ table: 'TOYT', assumed: ASSUMED });

test('supposes firmware where the description has none', () => {
  const running = run(simple('0000:00:01.0'), { drivers: [needy] });
  expect([running.assumed, groups(running)]).toEqual(['One unit for all.', [[0, '0000:00:01.0']]]);
});

test('supposes nothing where the description has firmware, be it without the table', () => {
  const running = run({ firmware: { acpi: {} }, ...simple('0000:00:01.0') }, { drivers: [needy] });
  expect([running.assumed, groups(running)]).toEqual([undefined, []]);
});

test('supposes what the first driver does that knows such a machine', () => {
  const second = toy({ name: 'second', assumed: { ...ASSUMED, text: 'Another.' } });
  expect(run({}, { drivers: [toy(), needy, second] }).assumed).toBe('One unit for all.');
});

test('shows drivers the tables of the description, those numbered too', () => {
  const seen: unknown[] = [];
  const driver = toy({
    onBind: (platform) => void seen.push([0, 1, 2].map((instance) => platform.acpiTable('SSDT', instance))),
  });
  run({ firmware: { acpi: { SSDT1: 'AQ==', SSDT2: 'Ag==' } } }, { drivers: [driver] });
  expect(seen).toEqual([[Uint8Array.of(1), Uint8Array.of(2), undefined]]);
});

test('shows drivers the units and the device tree of the description', () => {
  const seen: unknown[] = [];
  const driver = toy({ onBind: ({ units, deviceTree }) => void seen.push(units, deviceTree) });
  const units = [{ name: 'toy0', address: '0xfed90000', registers: { cap: '0xffffffffffffffff' }, responds: false }];
  run({ units, firmware: { deviceTree: 'AQ==' } }, { drivers: [driver] });
  expect(seen).toEqual([
    [{ name: 'toy0', address: 0xfed90000n, registers: { cap: 0xffff_ffff_ffff_ffffn }, responds: false }],
    Uint8Array.of(1),
  ]);
});

test('keeps what drivers report, after what is in doubt of the kernel', () => {
  const driver = toy({ onBind: ({ report }) => report({ severity: 'firmware-bug', code: 'odd', message: 'Odd.' }) });
  expect(codes(run({}, { drivers: [driver] }))).toEqual(['kernel-unknown', 'odd']);
});

test('binds the kernel drivers that the description names', () => {
  const running = run({ devices: [{ ...ETHERNET, driver: 'foonet' }, SERIAL], ...pci(PORT, CARD) });
  const bound = running.devices.map((device) => [device.name, running.iommu.kernelDriverOf(device)]);
  expect(bound).toEqual([
    ['9040000.ethernet', 'foonet'],
    ['9000000.serial', undefined],
    ['0000:00:01.0', 'pcieport'],
    ['0000:01:00.0', undefined],
  ]);
});

test.each([
  ['pcieport', true],
  ['vfio-pci', true],
  ['foonet', false],
])('knows that with %s bound the group is viable: %s', (driver, viable) => {
  const { iommu } = run(pci({ ...PORT, driver }));
  expect([...iommu.groups].map((group) => iommu.isViable(group))).toEqual([viable]);
});

test('groups a device that waits for a kernel driver when that is bound', () => {
  const driver = toy({ groupsAt: 'driver-probe' });
  const running = run({ devices: [{ ...ETHERNET, driver: 'foonet' }, SERIAL] }, { drivers: [driver] });
  expect(groups(running)).toEqual([[0, '9040000.ethernet']]);
});

test('says so when a kernel driver cannot be bound, and goes on', () => {
  const driver = toy({
    groupsAt: 'driver-probe',
    deviceGroup: (device, access) => {
      if (device.name === ETHERNET.name) throw new Error('broken');
      return { group: access.alloc(), reasons: [because('alone', device)] };
    },
  });
  const running = run(
    {
      devices: [
        { ...ETHERNET, driver: 'foonet' },
        { ...SERIAL, driver: 'foouart' },
      ],
    },
    { drivers: [driver] },
  );
  expect([codes(running), groups(running)]).toEqual([['kernel-unknown', 'driver-not-bound'], [[0, '9000000.serial']]]);
});

test.each([
  ['a function that is there twice', simple('0000:00:01.0', '0000:00:01.0'), 'ERR_PCI_DUPLICATE'],
  ['an address that is none', simple('00.1'), 'ERR_PCI_ADDRESS'],
  ['bytes that are no base64', pci({ address: '0000:00:01.0', config: '#' }), 'ERR_MACHINE'],
  ['a table that is no base64', { firmware: { acpi: { TOYT: '#' } } }, 'ERR_MACHINE'],
])('refuses %s', (_, machine, code) => {
  let error: unknown;
  try {
    run(machine, { drivers: [needy] });
  } catch (thrown) {
    error = thrown;
  }
  expect(isIommuError(error) && error.code).toBe(code);
});

test('boots without any driver', () => {
  expect(groups(run(pci(PORT, CARD), { drivers: [] }))).toEqual([]);
});

test('leaves a device without a group that the driver refuses', () => {
  const driver = toy({ deviceGroup: (device) => refusal('ENODEV', device) });
  const running = run(simple('0000:00:01.0'), { drivers: [driver] });
  expect(running.outcomeOf(running.device('00:01.0')).reasons.map(({ rule }) => rule)).toEqual(['ENODEV']);
});

test.each([
  [true, 2],
  [false, 1],
])(
  'tells PCI of an IVRS that is only supposed (%s): its quirk of AMD southbridges then isolates',
  (supposed, count) => {
    const southbridge = (fn: number, id: string): MachinePciFunction => ({
      address: `0000:00:14.${fn}`,
      id,
      express: null,
      headerType: 0,
      multifunction: true,
    });
    const driver = {
      ...toy(),
      assume: () => ({ acpi: supposed ? { IVRS: new Uint8Array() } : {}, text: 'a table' }),
    };
    const running = run(pci(southbridge(0, '1002:4385'), southbridge(5, '1002:4399')), { drivers: [driver] });
    expect(groups(running)).toHaveLength(count);
  },
);
