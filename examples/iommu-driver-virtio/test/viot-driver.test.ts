import { boot, type Machine } from '@iommu/machine';
import { platformDevice, rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import defaultExport, { virtioIommu } from '../src/index.js';
import { FIRST_NODE, iommuPci, node, range, viot } from './support/bytes.js';
import {
  ALL,
  card,
  codesOf,
  describeGuest,
  endpointOf,
  groupLines,
  guest,
  IOMMU,
  iommu,
  textOf,
  unitLines,
  virtioCard,
} from './support/guest.js';

test('is the default export', () => {
  expect(defaultExport).toBe(virtioIommu);
});

test('groups what the VIOT puts behind the IOMMU, and not the IOMMU itself', () => {
  const running = guest({ devices: [iommu(), card(2), rootPort({ slot: 3, acs: true }, [card(0)])] });
  expect(groupLines(running)).toEqual(['0: 00:02.0', '1: 00:03.0', '2: 01:00.0']);
  expect(textOf(running, IOMMU)).toBe('0000:00:01.0 is the IOMMU itself, and translates nothing of its own.');
  expect(unitLines(running)).toEqual(['0000:00:01.0 at pci0000:00/0000:00:01.0/virtio0']);
  expect(codesOf(running)).toEqual([]);
});

test('has nothing to do with a machine without a virtio-iommu', () => {
  const running = guest({ devices: [card(2)], viot: null });
  expect(running.iommu.drivers).toEqual([]);
});

test('has a unit, and nothing behind it, where firmware says nothing of it', () => {
  const running = guest({ viot: null });
  expect([groupLines(running), unitLines(running).length]).toEqual([[], 1]);
});

describe('a range', () => {
  const behind = (first: string, last: string, rest = {}) =>
    groupLines(
      guest({
        devices: [iommu(), card(2), card(3), card(4)],
        viot: { iommus: [IOMMU], ranges: [{ first, last, ...rest }] },
      }),
    );

  test('holds both its ends', () => {
    expect(behind('00:02.0', '00:03.0')).toEqual(['0: 00:02.0', '1: 00:03.0']);
    expect(behind('00:02.1', '00:03.7')).toEqual(['0: 00:03.0']);
  });

  test('of one segment holds nothing of another', () => {
    expect(behind('0001:00:00.0', '0001:ff:1f.7')).toEqual([]);
  });

  test('gives each function an id by its distance from the first', () => {
    const running = guest({
      devices: [iommu(), card(2), card(3)],
      viot: { iommus: [IOMMU], ranges: [{ first: '00:02.0', last: '00:1f.7', firstEndpoint: 0x1000 }] },
    });
    expect(['00:02.0', '00:03.0'].map((name) => endpointOf(running, name))).toEqual([
      `${IOMMU} 0x1000`,
      `${IOMMU} 0x1008`,
    ]);
  });

  test('of several segments gives 65,536 ids to each, in 32 bits', () => {
    const ranges = [{ first: '0000:00:00.0', last: '0002:ff:1f.7', firstEndpoint: 0xffff_0000 }];
    const buses = [{ devices: [iommu(), card(2)] }, { segment: 2, devices: [card(3)] }];
    const running = guest({ buses, viot: { iommus: [IOMMU], ranges } });
    expect(endpointOf(running, '00:02.0')).toBe(`${IOMMU} 0xffff0010`);
    expect(endpointOf(running, '0002:00:03.0')).toBe(`${IOMMU} 0x10018`);
  });

  test('that the table names later counts before earlier ones', () => {
    const ranges = [
      { first: '00:00.0', last: '00:1f.7' },
      { first: '00:02.0', last: '00:02.7', firstEndpoint: 5 },
    ];
    expect(endpointOf(guest({ viot: { iommus: [IOMMU], ranges } }), '00:02.0')).toBe(`${IOMMU} 0x5`);
    expect(endpointOf(guest({ viot: { iommus: [IOMMU], ranges: ranges.toReversed() } }), '00:02.0')).toBe(
      `${IOMMU} 0x10`,
    );
  });
});

test('says which function no range holds', () => {
  const running = guest({
    devices: [iommu(), card(2), card(3)],
    viot: { iommus: [IOMMU], ranges: [{ first: '00:00.0', last: '00:02.0' }] },
  });
  expect(groupLines(running)).toEqual(['0: 00:02.0']);
  expect(textOf(running, '00:03.0')).toBe('The VIOT puts requester id 0x18 of 0000:00:03.0 behind no IOMMU.');
});

describe('leaves out, and reports', () => {
  const run = (...nodes: number[][]) => guest({ viot: viot(...nodes) });

  test.each([
    ['a range whose IOMMU is not there', [iommuPci(0x40), range()], 'viot-without-iommu'],
    ['a range that refers to no IOMMU', [iommuPci(8), range({ output: FIRST_NODE + 16 })], 'viot-without-iommu'],
    ['an IOMMU that is another device', [iommuPci(0x10), range()], 'viot-without-iommu'],
    ['a node of a kind unknown', [node(9, [0, 0, 0, 0])], 'viot-unknown-node'],
    ['a node that contradicts itself', [node(1, [], 0), iommuPci(8), range()], 'viot-invalid'],
  ])('%s', (_, nodes, code) => {
    const running = run(...nodes);
    expect([groupLines(running), codesOf(running)]).toEqual([[], [code]]);
  });

  test('such a node, and goes by the others', () => {
    const running = run(iommuPci(8), range(), range({ output: 4000 }), node(9, []), node(1, [], 0));
    expect(groupLines(running)).toEqual(['0: 00:02.0']);
    expect(codesOf(running)).toEqual(['viot-without-iommu', 'viot-unknown-node', 'viot-invalid']);
    expect(running.diagnostics.find(({ code }) => code === 'viot-without-iommu')).toMatchObject({
      severity: 'firmware-bug',
      at: { table: 'VIOT', offset: 88 },
      message: 'VIOT+0x58: a node that refers to no IOMMU that is there is left out',
    });
  });
});

test('takes a function whose ids were not read for the IOMMU that the VIOT calls it', () => {
  const described = describeGuest();
  const functions = (described.pci?.functions ?? []).map(({ id, ...rest }) =>
    rest.address === IOMMU ? rest : { ...rest, ...(id && { id }) },
  );
  const machine: Machine = { ...described, pci: { functions } };
  const running = boot(machine, { drivers: [virtioIommu()] });
  expect([groupLines(running), unitLines(running).length]).toEqual([['0: 00:02.0'], 1]);
});

test('reports a wrong checksum, and goes by the table', () => {
  const table = viot(iommuPci(8), range());
  table[9] = (table[9] as number) + 1;
  const running = guest({ viot: table });
  expect([groupLines(running), codesOf(running)]).toEqual([['0: 00:02.0'], ['viot-checksum']]);
});

describe('two IOMMUs', () => {
  const two = {
    iommus: ['0000:00:02.0', '0000:00:01.0'],
    ranges: [
      { first: '00:03.0', last: '00:03.7', iommu: 0 },
      { first: '00:04.0', last: '00:04.7', iommu: 1 },
    ],
  };

  test('register in the order in which they were found, and hand out ids so', () => {
    const running = guest({ devices: [iommu(1), iommu(2), card(3), card(4)], viot: two });
    expect(unitLines(running)).toEqual([
      '0000:00:01.0 at pci0000:00/0000:00:01.0/virtio0',
      '0000:00:02.0 at pci0000:00/0000:00:02.0/virtio1',
    ]);
    expect(groupLines(running)).toEqual(['0: 00:04.0', '1: 00:03.0']);
  });
});

describe('the virtio device of an IOMMU is numbered', () => {
  test('after functions that come before it and are not translated', () => {
    const ranges = [{ first: '01:00.0', last: 'ff:1f.7' }];
    const running = guest({ devices: [virtioCard(2), iommu(5), virtioCard(6)], viot: { iommus: ['00:05.0'], ranges } });
    expect(unitLines(running)).toEqual(['0000:00:05.0 at pci0000:00/0000:00:05.0/virtio1']);
  });

  test('before those that wait for it', () => {
    const running = guest({ devices: [virtioCard(2), iommu(5)], viot: { ...ALL, iommus: ['00:05.0'] } });
    expect(unitLines(running)).toEqual(['0000:00:05.0 at pci0000:00/0000:00:05.0/virtio0']);
  });
});

describe('devices with registers in memory', () => {
  const viotOf = (iommuAt: string | bigint) => ({
    iommus: [iommuAt],
    endpoints: [{ baseAddress: 0xa003e00n, endpoint: 7 }],
  });

  test('are told by the address in their names, and have groups of their own', () => {
    const running = guest({
      platform: [platformDevice('a003e00.virtio_mmio'), platformDevice('LNRO0005:01')],
      viot: viotOf(IOMMU),
    });
    expect(endpointOf(running, 'a003e00.virtio_mmio')).toBe(`${IOMMU} 0x7`);
    expect(groupLines(running)).toEqual(['0: a003e00.virtio_mmio']);
    expect(running.outcomeOf(running.device('a003e00.virtio_mmio')).reasons[0]?.rule).toBe('one-group-per-device');
    expect(running.outcomeOf(running.device('LNRO0005:01')).reasons[0]?.rule).not.toBe('not-in-viot');
    expect(codesOf(running)).toEqual([]);
  });

  test('are said to be unknown where no name tells', () => {
    const running = guest({ platform: [platformDevice('LNRO0005:01')], viot: viotOf(IOMMU) });
    expect([groupLines(running), codesOf(running)]).toEqual([[], ['viot-addresses-unknown']]);
  });

  test('may be IOMMUs', () => {
    const platform = [platformDevice('a000000.virtio_mmio'), platformDevice('a003e00.virtio_mmio')];
    const running = guest({ devices: [], platform, viot: viotOf(0xa000000n) });
    expect(unitLines(running)).toEqual(['a000000.virtio_mmio at platform/a000000.virtio_mmio/virtio0']);
    expect(endpointOf(running, 'a003e00.virtio_mmio')).toBe('a000000.virtio_mmio 0x7');
    expect(codesOf(running)).toEqual([]);
  });

  test('may be IOMMUs that the input does not name, and that is said', () => {
    const running = guest({ devices: [], platform: [platformDevice('a003e00.virtio_mmio')], viot: viotOf(0xa000000n) });
    expect(unitLines(running)).toEqual(['a000000.virtio_mmio at platform/a000000.virtio_mmio/virtio0']);
    expect(codesOf(running)).toEqual(['viot-addresses-unknown']);
  });
});

test('a function that is plugged in later is grouped at once, and one that goes leaves nothing', () => {
  const running = guest();
  const added = running.addPciFunction({
    address: '0000:00:09.0',
    id: '1b36:0010',
    class: '010802',
    headerType: 0,
    express: 'endpoint',
    acs: null,
  });
  expect(groupLines(running)).toEqual(['0: 00:02.0', '1: 00:09.0']);
  running.removeDevice(added);
  expect(groupLines(running)).toEqual(['0: 00:02.0']);
});
