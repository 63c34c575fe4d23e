import { boot, type Machine } from '@iommu/machine';
import { endpoint, multifunction, rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { applyChange, applyChanges, CARDS, parseChange } from '../../src/index.js';
import { bootChanged, changed, codeOf, desk, drawn, drivers, groupsOf } from '../support/drawn.js';

/** Addresses that are not what they were. */
const moved = (addresses: ReadonlyMap<string, string>): string[] =>
  [...addresses]
    .filter(([was, now]) => was !== now)
    .map(([was, now]) => `${was.slice(5)} ${now.slice(5)}`)
    .sort();

const find = ({ pci }: Machine, address: string) => pci?.functions.find((one) => one.address === address);

describe('a card that is moved', () => {
  test('goes whole, and every bus after the port gets the number that firmware would give it', () => {
    const { addresses, machine } = changed('move 01:00.1 to 00:04.0');
    expect(moved(addresses)).toEqual(['01:00.0 05:00.0', '01:00.1 05:00.1']);
    expect(find(machine, '0000:05:00.1')).toMatchObject({ parent: '0000:00:04.0', id: '10de:22ba' });
    expect(groupsOf(bootChanged(changed('move 01:00.0 to 00:04.0')))).toContain('05:00.0 05:00.1');
  });

  test('takes its virtual functions with it', () => {
    const { addresses, machine } = changed('move 02:00.0 to 00:04.0');
    expect(moved(addresses)).toEqual(['02:00.0 05:00.0', '02:02.0 05:02.0', '02:02.4 05:02.4']);
    expect(find(machine, '0000:05:02.4')).toMatchObject({ physicalFunction: '0000:05:00.0' });
  });

  test('takes what is behind it with it, and shifts the buses that follow', () => {
    const { addresses, machine } = changed('move 03:00.0 to 00:05.0');
    expect(moved(addresses)).toEqual(['03:00.0 05:00.0', '04:01.0 06:01.0', '04:04.0 06:04.0']);
    expect(find(machine, '0000:00:04.0')).toMatchObject({ secondaryBus: 4, subordinateBus: 4 });
    expect(find(machine, '0000:00:05.0')).toMatchObject({ secondaryBus: 5, subordinateBus: 6 });
    expect(find(machine, '0000:05:00.0')).toMatchObject({ secondaryBus: 6, subordinateBus: 6 });
  });

  test('of conventional PCI goes to a free slot of a conventional bus', () => {
    const machine = applyChange(desk(), parseChange('add pci-adapter to 00:04.0')).machine;
    const { addresses } = changed('move 04:01.0 to 05:00.0', machine);
    expect(addresses.get('0000:04:01.0')).toBe('0000:06:02.0');
  });

  test.each([
    ['move 00:01.0 to 00:04.0', /on a root bus, so part of the board/],
    ['move 02:02.0 to 00:04.0', /virtual function, and goes with its physical function, 0000:02:00.0/],
    ['move 01:00.0 to 00:02.0', /0000:02:00.0 is behind 0000:00:02.0 already/],
    ['move 01:00.0 to 03:00.0', /0000:01:00.0 is PCI Express, and 0000:03:00.0 leads to conventional PCI/],
    ['move 04:01.0 to 00:04.0', /0000:04:01.0 is conventional PCI, and 0000:00:04.0 leads to PCI Express/],
    ['move 03:00.0 to 03:00.0', /part of the card that is to go behind it/],
    ['move 01:00.0 to 02:00.0', /0000:02:00.0 is no port/],
    ['move 09:00.0 to 00:04.0', /no PCI function '0000:09:00.0'/],
  ])('not: %s', (words, message) => {
    expect(codeOf(() => changed(words))).toMatch(message);
    expect(codeOf(() => changed(words))).toMatch(/^ERR_CHANGE:/);
  });

  test('is no longer reachable from outside when its port is not', () => {
    const functions = desk().pci?.functions.map((one) =>
      one.address.startsWith('0000:01') ? { ...one, untrusted: true } : one,
    );
    const { machine } = changed('move 01:00.0 to 00:04.0', { ...desk(), pci: { functions: functions ?? [] } });
    expect(find(machine, '0000:05:00.0')).not.toHaveProperty('untrusted');
  });
});

test('cards that are swapped take each other’s places', () => {
  const { addresses, machine } = changed('swap 01:00.0 with 03:00.0');
  expect(moved(addresses)).toEqual([
    '01:00.0 04:00.0',
    '01:00.1 04:00.1',
    '02:00.0 03:00.0',
    '02:02.0 03:02.0',
    '02:02.4 03:02.4',
    '03:00.0 01:00.0',
    '04:01.0 02:01.0',
    '04:04.0 02:04.0',
  ]);
  expect(find(machine, '0000:00:01.0')).toMatchObject({ secondaryBus: 1, subordinateBus: 2 });
  expect(codeOf(() => changed('swap 01:00.0 with 01:00.1'))).toMatch(/on one card/);
  expect(codeOf(() => changed('swap 03:00.0 with 04:01.0'))).toMatch(/behind the other/);
  expect(codeOf(() => changed('swap 01:00.0 with 04:01.0'))).toMatch(/conventional/);
});

describe('a function that firmware puts elsewhere on its bus', () => {
  const machine = drawn([
    multifunction(rootPort({ slot: 1 }, [endpoint()]), rootPort({}, [endpoint()])),
    rootPort({ slot: 3 }, [endpoint()]),
  ]);

  test('keeps what is behind it; the slot that it left is no longer one of several functions', () => {
    const { addresses, machine: after } = changed('readdress 00:01.1 to 00:05.0', machine);
    expect(moved(addresses)).toEqual(['00:01.1 00:05.0', '02:00.0 03:00.0', '03:00.0 02:00.0']);
    expect(find(after, '0000:00:01.0')).toMatchObject({ multifunction: false });
  });

  test.each([
    ['readdress 00:01.1 to 00:03.0', /0000:00:03.0 is there already/],
    ['readdress 00:01.1 to 01:03.0', /on another bus/],
    ['readdress 00:01.0 to 00:05.0', /would have no function 0/],
    ['readdress 00:01.1 to 00:05.1', /would have no function 0/],
  ])('not: %s', (words, message) => {
    expect(codeOf(() => changed(words, machine))).toMatch(message);
  });
});

describe('what is taken out', () => {
  test('goes with all that is behind it, and its numbers go to others', () => {
    const { addresses } = changed('remove 03:00.0');
    expect(['0000:03:00.0', '0000:04:01.0'].map((one) => addresses.has(one))).toEqual([false, false]);
    expect(moved(addresses)).toEqual(['07:00.0 06:00.0']);
  });

  test('is one function, or the whole slot when it is function 0', () => {
    expect(changed('remove 01:00.1').addresses.has('0000:01:00.0')).toBe(true);
    expect(changed('remove 01:00.0').addresses.has('0000:01:00.1')).toBe(false);
  });

  test('takes a segment that it hosts with it', () => {
    const { pci } = desk();
    const hosted = { address: '10000:00:00.0', parent: null, segmentHost: '0000:01:00.0' };
    const machine: Machine = { ...desk(), pci: { functions: [...(pci?.functions ?? []), hosted] } };
    expect(changed('remove 01:00.0', machine).addresses.has('10000:00:00.0')).toBe(false);
    const { machine: after } = changed('move 01:00.0 to 00:04.0', machine);
    expect(find(after, '10000:00:00.0')).toMatchObject({ segmentHost: '0000:05:00.0' });
  });
});

test('a card that is put in gets addresses, and shifts the buses that follow', () => {
  const { addresses, machine } = changed('add switch to 00:04.0');
  expect(moved(addresses)).toEqual(['07:00.0 0a:00.0']);
  expect(groupsOf(bootChanged(changed('add switch to 00:04.0')))).toEqual([
    '00:01.0 01:00.0 01:00.1',
    '00:02.0',
    '00:03.0',
    '00:04.0',
    '00:05.0',
    '00:06.0',
    '02:00.0',
    '03:00.0 04:01.0 04:04.0',
    '05:00.0',
    '06:00.0',
    '06:01.0',
    '07:00.0',
    '08:00.0',
    '0a:00.0',
    '02:02.0',
    '02:02.4',
  ]);
  expect(find(machine, '0000:08:00.0')).toMatchObject({ parent: '0000:06:01.0' });
});

test.each(CARDS.map(({ name }) => name))('the card %s fits into a port, and boots', (name) => {
  const result = changed(`add ${name} to 00:04.0`);
  const names = bootChanged(result).devices.map((device) => device.name);
  expect(names.length).toBeGreaterThan(desk().pci?.functions.length ?? 0);
  for (const one of result.machine.pci?.functions ?? [])
    if (!desk().pci?.functions.some(({ id }) => id === one.id)) expect(one.label ?? 'authored').toMatch(/^authored/);
});

describe('virtual functions', () => {
  test('come at the places that those before had, and go', () => {
    const { machine } = changed('vfs 02:00.0=3');
    expect(
      machine.pci?.functions.filter(({ physicalFunction }) => physicalFunction).map(({ address }) => address),
    ).toEqual(['0000:02:02.0', '0000:02:02.4', '0000:02:03.0']);
    expect(find(machine, '0000:02:03.0')).toMatchObject({ id: '8086:1520', express: 'endpoint', class: '020000' });
    expect(groupsOf(bootChanged(changed('vfs 02:00.0=3')))).toContain('02:03.0');
    expect(changed('vfs 02:00.0=0').machine.pci?.functions.some(({ physicalFunction }) => physicalFunction)).toBe(
      false,
    );
  });

  test('need bus numbers, as the kernel says with ENOMEM', () => {
    expect(codeOf(() => changed('vfs 02:00.0=64'))).toMatch(/ERR_CHANGE: .*buses above 0x2/);
    expect(codeOf(() => changed('vfs 01:00.0=1'))).toMatch(/ERR_CHANGE_UNKNOWN: .*SR-IOV capability of 0000:01:00.0/);
  });
});

describe('ACS', () => {
  test('on parts what the want of it joined, off joins', () => {
    expect(groupsOf(bootChanged(changed('acs on 00:01.0')))).toContain('01:00.0 01:00.1');
    expect(groupsOf(bootChanged(changed('acs off 00:06.0')))).toContain('00:06.0 07:00.0');
  });

  test('on of what is no function, or can never have it, is refused', () => {
    expect(codeOf(() => changed('acs on 03:00.0'))).toMatch(/never isolates/);
    expect(codeOf(() => changed('acs on 04:01.0'))).toMatch(/conventional PCI/);
    expect(codeOf(() => changed('acs off 09:01.0'))).toMatch(/no PCI function/);
  });
});

describe('another kernel', () => {
  test('is booted, on the same architecture; ACS bits were read under the first', () => {
    const { machine } = changed('kernel 7.3', desk({ kernel: { release: '6.1.0-56-arm64', commandLine: 'quiet' } }));
    expect(machine.kernel).toEqual({ release: '7.3', arch: 'arm64', commandLine: 'quiet' });
    expect(machine.pci?.acsReadUnder).toEqual({ release: '6.1.0-56-arm64', commandLine: 'quiet' });
    expect(codeOf(() => changed('kernel new'))).toMatch(/'new' is no kernel/);
  });

  test('with other words obeys them', () => {
    const off = changed('config_acs=0000000@00:06.0');
    expect(groupsOf(bootChanged(off))).toContain('00:06.0 07:00.0');
    expect(off.notes).toEqual([]);
    const old = changed('kernel 6.1 config_acs=0000000@00:06.0');
    expect(old.notes.map(({ message }) => message)).toEqual(['6.1 does not know pci=config_acs, which came with 6.11']);
    expect(groupsOf(bootChanged(old))).toContain('07:00.0');
    const twice = changed('config_acs=0000000@00:06.0 config_acs=1111111@00:01.0');
    expect(twice.notes.map(({ message }) => message)).toEqual([expect.stringContaining('the one that counts')]);
    expect(groupsOf(bootChanged(twice))).toContain('07:00.0');
  });
});

test('a policy is passed on to who boots the machine; two are refused', () => {
  expect(changed('acs-override=downstream').policy).toBe('acs-override=downstream');
  expect(codeOf(() => changed('policy grouping-3.6 policy grouping-3.17'))).toMatch(/^ERR_CHANGE: .*one policy only/);
  expect(codeOf(() => changed('policy mine'))).toMatch(/^ERR_POLICY/);
});

test('addresses in a list of changes are those of the machine as given', () => {
  const { addresses } = changed('remove 03:00.0 move 07:00.0 to 00:04.0');
  expect(addresses.get('0000:07:00.0')).toBe('0000:04:00.0');
});

test('leaves the machine as it was, and out of the result what was observed', () => {
  const machine = desk({ observed: { source: 'sysfs', groups: [] } });
  const text = JSON.stringify(machine);
  expect(applyChanges(machine, [parseChange('move 01:00.0 to 00:04.0')]).machine.observed).toBeUndefined();
  expect(JSON.stringify(machine)).toBe(text);
});

test('says of a command line that it names what is elsewhere now', () => {
  const machine = desk({ kernel: { release: '6.12', commandLine: 'vfio=x pci=config_acs=1@07:00.0' } });
  const { notes } = changed('remove 03:00.0', machine);
  expect(notes.map(({ message }) => message)).toEqual([
    'the command line names 07:00.0; that device is now 0000:06:00.0',
  ]);
});

test('probes and paths of other devices follow', () => {
  const machine = desk({
    probes: {
      complete: true,
      order: [
        { device: '0000:07:00.0', driver: 'nvme' },
        { device: '0000:03:00.0', driver: 'x' },
        { device: '9040000.eth', driver: 'y' },
      ],
    },
    devices: [{ name: 'card0', bus: 'platform', path: 'pci0000:00/0000:00:06.0/0000:07:00.0/card0' }],
  });
  const { machine: after } = changed('remove 03:00.0', machine);
  expect(after.probes).toEqual({
    complete: true,
    order: [
      { device: '0000:06:00.0', driver: 'nvme' },
      { device: '9040000.eth', driver: 'y' },
    ],
  });
  expect(after.devices?.[0]?.path).toBe('pci0000:00/0000:00:06.0/0000:06:00.0/card0');
  expect(changed('add nvme to 00:04.0', machine).machine.probes).not.toHaveProperty('complete');
});

test('an order of discovery that is not that of a scan cannot be kept, which is said', () => {
  const names = desk().pci?.functions.map(({ address }) => address) ?? [];
  const withOrder = (order: readonly string[]) => desk({ pci: { functions: desk().pci?.functions ?? [], order } });
  const scan = boot(desk(), { drivers }).devices.map(({ name }) => name);
  expect(changed('remove 03:00.0', withOrder(scan)).notes).toEqual([]);
  const odd = changed('remove 03:00.0', withOrder(names.toReversed()));
  expect(odd.notes.map(({ code }) => code)).toEqual(['order-unknown']);
  expect(odd.machine.pci).not.toHaveProperty('order');
});

test('a root bus cannot be left out where a unit takes every device', () => {
  expect(codeOf(() => changed('bypass 0000:00'))).toMatch(/ERR_CHANGE: a unit of the DMAR takes every device/);
  expect(codeOf(() => changed('bypass 0000:40'))).toMatch(/ERR_CHANGE: there is no root bus 0000:40/);
});

test('another table is what the machine boots with', () => {
  const { machine } = changed('table DMAR=RE1BUg==');
  expect(machine.firmware?.acpi?.['DMAR']).toBe('RE1BUg==');
  expect(codeOf(() => changed('table dm=RE1BUg=='))).toMatch(/no ACPI table/);
});

test('a bus whose bridge is not known keeps its number, and nobody else gets it', () => {
  const functions = [
    { address: '0000:00:01.0', class: '060400', headerType: 1 },
    {
      address: '0000:00:02.0',
      class: '060400',
      headerType: 1,
      express: 'root-port',
      secondaryBus: 2,
      subordinateBus: 2,
    },
    { address: '0000:03:00.0', express: 'endpoint', headerType: 0 },
  ] as const;
  const machine = desk({ pci: { functions } });
  expect(changed('add nvme to 00:02.0', machine).addresses.get('0000:03:00.0')).toBe('0000:03:00.0');
  expect(codeOf(() => changed('add switch to 00:02.0', machine))).toMatch(
    /^ERR_CHANGE_UNKNOWN: nothing in the input says which bridge leads to bus 0000:03/,
  );
  expect(codeOf(() => changed('move 03:00.0 to 00:01.0', machine))).toMatch(
    /^ERR_CHANGE_UNKNOWN: the input does not say which bus is behind 0000:00:01.0/,
  );
});
