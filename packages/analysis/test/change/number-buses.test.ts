import type { MachinePciFunction } from '@iommu/machine';
import { expect, test } from 'vitest';
import { changed, codeOf, desk } from '../support/drawn.js';

const port = (slot: number, secondaryBus: number, subordinateBus = secondaryBus): MachinePciFunction => ({
  address: `0000:00:0${slot}.0`,
  express: 'root-port',
  headerType: 1,
  secondaryBus,
  subordinateBus,
});

const leaf = (address: string): MachinePciFunction => ({ address, express: 'endpoint', headerType: 0 });

/** Bus numbers of the ports on bus 0 after a change: `01:1-1 02:5-8`. */
const ranges = (words: string, functions: readonly MachinePciFunction[]): string => {
  const { machine } = changed(words, desk({ pci: { functions } }));
  return (machine.pci?.functions ?? [])
    .filter(({ address }) => address.startsWith('0000:00'))
    .map(({ address, secondaryBus, subordinateBus }) => `${address.slice(8, 10)}:${secondaryBus}-${subordinateBus}`)
    .join(' ');
};

test('numbers that firmware left out stay left out', () => {
  const functions = [port(1, 1), leaf('0000:01:00.0'), port(2, 5), port(3, 6)];
  expect(ranges('move 01:00.0 to 00:02.0', functions)).toBe('01:1-1 02:5-5 03:6-6');
  expect(ranges('add switch to 00:01.0', [port(1, 1), port(2, 5), port(3, 6)])).toBe('01:1-4 02:8-8 03:9-9');
});

test('numbers that firmware keeps for what may be plugged in are used before others shift', () => {
  const functions = [port(1, 1, 16), port(2, 17), leaf('0000:11:00.0')];
  expect(ranges('add switch to 00:01.0', functions)).toBe('01:1-16 02:17-17');
  expect(ranges('remove 11:00.0', functions)).toBe('01:1-16 02:17-17');
});

test('numbers that only a card needed go with it', () => {
  const { machine } = changed('move 03:00.0 to 00:05.0');
  expect(machine.pci?.functions.find(({ address }) => address === '0000:00:03.0')).toMatchObject({ subordinateBus: 3 });
});

test('where firmware did not number by place, its order stays', () => {
  const functions = [port(1, 3), leaf('0000:03:00.0'), port(2, 1), port(4, 2), leaf('0000:02:00.0')];
  expect(ranges('remove 03:00.0', functions)).toBe('01:3-3 02:1-1 04:2-2');
  expect(ranges('add switch to 00:02.0', functions)).toBe('01:6-6 02:1-4 04:5-5');
});

test('a root bus keeps its number, and ends the numbers of the one before', () => {
  const other = { ...leaf('0000:03:00.0'), parent: null };
  expect(ranges('remove 03:00.0', [port(1, 1), other])).toBe('01:1-1');
  const full = [port(1, 1), port(2, 2), other];
  expect(codeOf(() => changed('add pci-adapter to 00:01.0', desk({ pci: { functions: full } })))).toMatch(
    /^ERR_CHANGE: there are not enough bus numbers in segment 0: 0000:02 is the last before another root bus/,
  );
});
