import { expect, test } from 'vitest';
import { parseLspci } from '../../src/lspci/lspci.js';
import { configBytes, hexRows } from '../support/config-bytes.js';
import { type Shown, shortDump, verboseDump } from '../support/lspci-text.js';
import { names } from '../support/names.js';

const functions = (text: string) => parseLspci(text, names)?.pci?.functions ?? [];

/** Of each function, what it says of another by this member. */
const links = (text: string, member: 'physicalFunction' | 'segmentHost') =>
  Object.fromEntries(functions(text).flatMap((fn) => (fn[member] === undefined ? [] : [[fn.address, fn[member]]])));

const VIRTUAL: readonly Shown[] = ['01:00.1', '01:10.0', '01:10.2', '01:10.4', '02:00.0'].map((at) => ({ at }));

test('finds virtual functions by what the words of the physical function say', () => {
  const physical: Shown = { at: '01:00.0', express: 'Endpoint', sriov: [2, 128, 2] };
  expect(links(verboseDump([physical, ...VIRTUAL]), 'physicalFunction')).toEqual({
    '0000:01:10.0': '0000:01:00.0',
    '0000:01:10.2': '0000:01:00.0',
  });
});

test('finds virtual functions by what the bytes of the physical function say', () => {
  const bytes = configBytes({ express: 0, acs: [0, 0], sriov: { numVfs: 2, offset: 0x80, stride: 2 } });
  const text = `${shortDump([{ at: '01:00.0' }])}${hexRows(bytes)}\n${shortDump(VIRTUAL)}`;
  expect(links(text, 'physicalFunction')).toEqual({ '0000:01:10.0': '0000:01:00.0', '0000:01:10.2': '0000:01:00.0' });
});

test('finds virtual functions on the next bus', () => {
  const physical: Shown = { at: '01:00.0', express: 'Endpoint', sriov: [1, 256, 1] };
  expect(links(verboseDump([physical, ...VIRTUAL]), 'physicalFunction')).toEqual({ '0000:02:00.0': '0000:01:00.0' });
});

const VMD = { className: 'RAID bus controller', classId: '0104' };
const VMD_NAME = 'Foo Devices Volume Management Device NVMe RAID Controller';

test('finds the host of a segment by the ids of known hosts', () => {
  const text = shortDump([{ ...VMD, at: '00:0e.0', id: '8086:467f', names: 'Foo' }, { at: '10000:e0:06.0' }]);
  expect(links(text, 'segmentHost')).toEqual({ '10000:e0:06.0': '0000:00:0e.0' });
});

test('finds the host of a segment by its name', () => {
  const text = shortDump([{ ...VMD, at: '00:0e.0', names: VMD_NAME }, { at: '10000:e0:06.0' }]);
  expect(links(text, 'segmentHost')).toEqual({ '10000:e0:06.0': '0000:00:0e.0' });
});

test('does not take a controller that the host manages for the host', () => {
  const managed = { at: '00:0a.0', names: 'Foo Devices RST VMD Managed Controller' };
  expect(links(shortDump([managed, { at: '10000:e0:06.0' }]), 'segmentHost')).toEqual({});
});

test('gives several hosts their segments in ascending order', () => {
  const text = shortDump([
    { ...VMD, at: '0000:36:00.5', names: VMD_NAME },
    { ...VMD, at: '0000:16:00.5', names: VMD_NAME },
    { at: '10001:01:00.0' },
    { at: '10000:01:00.0' },
    { at: '10001:02:00.0' },
  ]);
  expect(links(text, 'segmentHost')).toEqual({
    '10000:01:00.0': '0000:16:00.5',
    '10001:01:00.0': '0000:36:00.5',
    '10001:02:00.0': '0000:36:00.5',
  });
});

test('keeps devices of several segments apart', () => {
  const text = shortDump([{ at: '0000:01:00.0' }, { at: '0002:01:00.0' }, { at: '0003:01:00.0' }]);
  expect(functions(text).map(({ address }) => address)).toEqual(['0000:01:00.0', '0002:01:00.0', '0003:01:00.0']);
});

const bridge = (at: string, secondary: string): Shown => ({
  at,
  className: 'PCI bridge',
  classId: '0604',
  express: 'Root Port (Slot+)',
  bus: [secondary, '20'],
});

test('reads the path form of -PP, which names the bus of every step', () => {
  const text = verboseDump([bridge('00:01.0', '01'), { at: '00:01.0/01:00.0' }]);
  expect(functions(text).map(({ address }) => address)).toEqual(['0000:00:01.0', '0000:01:00.0']);
});

test('finds the buses that the path form of -P leaves out', () => {
  const text = verboseDump([bridge('00:01.0', '01'), bridge('00:01.0/00.0', '02'), { at: '00:01.0/00.0/03.0' }]);
  expect(functions(text).map(({ address }) => address)).toEqual(['0000:00:01.0', '0000:01:00.0', '0000:02:03.0']);
});

test('tells bridges of the same last step on different paths apart', () => {
  const text = verboseDump([
    bridge('00:01.0', '01'),
    bridge('00:01.0/00.0', '02'),
    bridge('00:01.0/00.0/00.0', '03'),
    bridge('00:01.0/00.0/01.0', '09'),
    bridge('00:01.0/00.0/00.0/01.0', '05'),
    { at: '00:01.0/00.0/01.0/00.0' },
  ]);
  expect(functions(text).at(-1)?.address).toBe('0000:09:00.0');
});

test('finds the bus of a path in its own segment', () => {
  const text = verboseDump([bridge('10000:e0:06.0', 'e1'), { at: '10000:e0:06.0/00.0' }]);
  expect(functions(text).at(-1)?.address).toBe('10000:e1:00.0');
});

test('leaves out a device of a path whose bus nothing tells', () => {
  expect(functions(shortDump([{ at: '00:01.0' }, { at: '00:01.0/00.0' }])).map(({ address }) => address)).toEqual([
    '0000:00:01.0',
  ]);
});
