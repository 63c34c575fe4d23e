import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { type BestSlotReport, bestSlotSchema, bestSlots, Trials } from '../src/index.js';
import { codeOf, desk, drivers } from './support/drawn.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(bestSlotSchema);

const asked = (device: string): BestSlotReport => {
  const report = bestSlots(new Trials(desk(), { drivers }), device);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

test('ranks every port for a card: alone, with bridges, with others', () => {
  const { slots } = asked('01:00.1');
  expect(slots.map(({ port, bridges, companions }) => [port.slice(5), bridges, companions])).toEqual([
    ['00:04.0', [], []],
    ['00:01.0', ['0000:00:01.0'], []],
    ['00:05.0', ['0000:00:05.0'], []],
  ]);
  expect(slots[0]).toMatchObject({
    change: 'move 0000:01:00.0 to 0000:00:04.0',
    functions: ['0000:05:00.0', '0000:05:00.1'],
    ungrouped: [],
    renumbered: 0,
  });
  expect(slots[1]).toMatchObject({ change: null, reason: expect.stringContaining('has no ACS capability') });
});

test('counts what shares a group with it, and not what belongs to it', () => {
  expect(asked('02:00.0').slots[0]).toMatchObject({ change: null, companions: [], bridges: [] });
  const [best] = asked('03:00.0').slots;
  expect(best).toMatchObject({ companions: [], bridges: [], functions: ['0000:03:00.0'] });
  const conventional = asked('04:01.0').slots;
  expect(conventional).toHaveLength(1);
  expect(conventional[0]).toMatchObject({ companions: ['0000:04:04.0'], bridges: ['0000:03:00.0'] });
});

test('refuses what is no card', () => {
  expect(codeOf(() => asked('00:01.0'))).toMatch(/^ERR_CHANGE: 0000:00:01.0 is part of the board/);
  expect(codeOf(() => asked('09:01.0'))).toMatch(/^ERR_CHANGE: no PCI function/);
});
