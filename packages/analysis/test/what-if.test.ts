import type { Machine } from '@iommu/machine';
import { boot } from '@iommu/machine';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { applyChanges, isChanged, parseChanges, type WhatIfReport, whatIf, whatIfSchema } from '../src/index.js';
import { desk, drivers } from './support/drawn.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(whatIfSchema);

const bounds = (machine: Machine, policy?: string) => {
  const options = { drivers, ...(policy !== undefined && { policy }) };
  return { running: boot(machine, options), optimistic: boot(machine, { ...options, unknown: 'optimistic' }) };
};

const asked = (words: string, machine: Machine = desk()): WhatIfReport => {
  const changes = parseChanges(words);
  const changed = applyChanges(machine, changes, { drivers });
  const report = whatIf(bounds(machine), bounds(changed.machine, changed.policy), changed, changes);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const groups = ({ changed }: WhatIfReport): string[] =>
  changed.map(({ change, before, after }) => {
    const list = (side: typeof before) =>
      side.map(({ id, devices }) => `${id}: ${devices.map((one) => one.slice(5)).join(' ')}`).join(', ');
    return `${change} ${list(before)} -> ${list(after)}`;
  });

test('shows a card that leaves the group of its port, under both addresses, with the reason', () => {
  const report = asked('move 01:00.0 to 00:04.0');
  expect(report.moved).toEqual([
    { before: '0000:01:00.0', after: '0000:05:00.0' },
    { before: '0000:01:00.1', after: '0000:05:00.1' },
  ]);
  expect(groups(report)).toEqual(['split 0: 00:01.0 01:00.0 01:00.1 -> 0: 00:01.0, 8: 05:00.0 05:00.1']);
  expect(report.changed[0]?.reasons).toContainEqual({
    device: '0000:05:00.1',
    was: '0000:01:00.1',
    reason: expect.stringContaining('0000:05:00.1 and 0000:05:00.0 are functions of one device'),
  });
  expect(report).toMatchObject({
    changes: ['move 0000:01:00.0 to 0000:00:04.0'],
    certain: true,
    added: [],
    removed: [],
  });
  expect(isChanged(report)).toBe(true);
});

test('knows a card that took the place of another from that other', () => {
  const report = asked('swap 01:00.0 with 07:00.0');
  expect(groups(report)).toEqual([
    'regrouped 0: 00:01.0 01:00.0 01:00.1, 8: 07:00.0 -> 0: 00:01.0 01:00.0, 8: 07:00.0 07:00.1',
  ]);
});

test('shows what came and what went, and the numbers that shifted', () => {
  const added = asked('add pci-adapter to 00:04.0');
  expect(added.added).toEqual(['0000:05:00.0', '0000:06:00.0', '0000:06:01.0']);
  expect(groups(added)).toEqual(['gained  -> 8: 05:00.0 06:00.0 06:01.0']);
  expect(added.ids).toEqual([
    { before: 8, after: 9, devices: ['0000:08:00.0'] },
    { before: 9, after: 10, devices: ['0000:02:02.0'] },
    { before: 10, after: 11, devices: ['0000:02:02.4'] },
  ]);
  const removed = asked('remove 01:00.1');
  expect(removed.removed).toEqual(['0000:01:00.1']);
  expect(groups(removed)).toEqual(['shrunk 0: 00:01.0 01:00.0 01:00.1 -> 0: 00:01.0 01:00.0']);
});

test('shows a group that grows, and groups that merge', () => {
  expect(groups(asked('add nvme to 00:05.0'))).toEqual(['grown 4: 00:05.0 -> 4: 00:05.0 06:00.0']);
  expect(groups(asked('acs off 00:06.0'))).toEqual(['merged 5: 00:06.0, 8: 07:00.0 -> 5: 00:06.0 07:00.0']);
});

describe('where members stay', () => {
  test('another type is a change', () => {
    const report = asked('iommu=pt');
    expect(report.changed).toEqual([]);
    expect(report.types).toHaveLength(report.groups.before);
    expect(report.types[0]).toMatchObject({ before: 'DMA-FQ', after: 'identity' });
    expect(isChanged(report)).toBe(true);
  });

  test('nothing is one, where nothing else differs', () => {
    const report = asked('acs on 00:02.0');
    expect(report).toMatchObject({ changed: [], types: [], ids: [], moved: [], notes: [] });
    expect(isChanged(report)).toBe(false);
  });
});

test('says of an override that it proves nothing', () => {
  const report = asked('acs-override=downstream');
  expect(groups(report)).toEqual(['split 0: 00:01.0 01:00.0 01:00.1 -> 0: 00:01.0, 6: 01:00.0 01:00.1']);
  expect(report.notes.map(({ message }) => message).join()).toContain('split on paper, isolation not proven');
});

test('says what the change could only suppose', () => {
  const machine = desk({ kernel: { release: '6.12', commandLine: 'pci=config_acs=1@07:00.0' } });
  expect(asked('remove 03:00.0', machine).notes.map(({ code }) => code)).toEqual(['command-line-address']);
});

test('is not certain where a fact is missing', () => {
  const functions = (desk().pci?.functions ?? []).map(({ acs, ...one }) =>
    one.address === '0000:00:06.0' || acs === undefined ? one : { ...one, acs },
  );
  expect(asked('remove 01:00.1', desk({ pci: { functions, acsRead: 'after-boot' } })).certain).toBe(false);
});
