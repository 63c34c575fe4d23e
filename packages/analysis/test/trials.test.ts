import { writeDmar } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { endpoint } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { concernedBy } from '../src/explain/concerned.js';
import { everyChange, everyChangeOf } from '../src/explain/every-change.js';
import { formatChange, parseChanges, Trials } from '../src/index.js';
import { desk, drivers, groupsOf } from './support/drawn.js';

const tried = (cap?: number): Trials => new Trials(desk(), { drivers, ...(cap !== undefined && { cap }) });
const change = (words: string) => parseChanges(words);

const GPU = '0000:01:00.0';
const AUDIO = '0000:01:00.1';
const DISK = '0000:07:00.0';

describe('changes that are tried', () => {
  test('are made and booted once', () => {
    const trials = tried();
    expect(trials.of(change('acs on 00:01.0'))).toBe(trials.of(change('acs on 00:01.0')));
  });

  test('are told apart by what their words shorten', () => {
    const trials = tried();
    const added = [false, true].map((acs) => {
      const devices = [endpoint({ id: '8086:1521', class: '020000', acs })];
      return trials.of([{ kind: 'add', card: { name: 'own', brief: '', devices }, to: '0000:00:05.0' }]);
    });
    expect(new Set(added).size).toBe(2);
    const bytes = [1, 2].map((unit) => writeDmar({ units: [{ registerBase: BigInt(unit) << 20n }] }));
    const tables = bytes.map((table) => trials.of([{ kind: 'table', table: 'DMAR', bytes: table }]));
    expect(new Set(tables).size).toBe(2);
    expect(added.concat(tables)).not.toContain(undefined);
  });

  test('leave the machine as it was where they change nothing, and are not booted', () => {
    const trials = tried(0);
    expect(trials.of(change('acs off 00:05.0'))?.running).toBe(trials.base.running);
    expect(trials.of(change('acs on 00:02.0'))?.running).toBe(trials.base.running);
    expect(trials.isExhausted).toBe(false);
  });

  test('change something where only what is advertised is as it would be', () => {
    const machine = desk();
    const functions = machine.pci!.functions.map((one) =>
      one.address === '0000:00:02.0' ? { ...one, acs: { capability: 'SV RR CR UF', control: 'SV' } } : one,
    );
    const trials = new Trials({ ...machine, pci: { functions } }, { drivers });
    expect(trials.of(change('acs on 00:02.0'))?.running).not.toBe(trials.base.running);
  });

  test('are booted under another policy, though nothing of the machine changes', () => {
    const trials = tried();
    const trial = trials.of(change('acs-override=downstream'));
    expect(groupsOf(trial!.running)).not.toEqual(groupsOf(trials.base.running));
  });

  test('are not tried when no more may be booted', () => {
    const trials = tried(1);
    expect(trials.relation(change('acs on 00:01.0'), GPU, DISK)).toBe('apart');
    expect(trials.isExhausted).toBe(false);
    expect(trials.relation(change('acs off 00:06.0'), GPU, DISK)).toBeUndefined();
    expect(trials.isExhausted).toBe(true);
  });

  test('say what becomes of two devices, by their addresses before', () => {
    const trials = tried();
    expect(trials.relation([], GPU, '0000:00:01.0')).toBe('together');
    expect(trials.relation(change('move 01:00.0 to 00:04.0'), GPU, '0000:00:01.0')).toBe('apart');
    expect(trials.relation(change('remove 01:00.0'), GPU, DISK)).toBe('ungrouped');
    expect(trials.relation(change('move 00:01.0 to 00:04.0'), GPU, DISK)).toBeUndefined();
  });

  test('answer alike whether or not the whole machine was asked for before', () => {
    const [one, other] = [tried(), tried()];
    const words = change('acs on 00:01.0');
    one.of(words);
    expect(one.relation(words, GPU, AUDIO)).toBe(other.relation(words, GPU, AUDIO));
  });

  test('start from a machine of which nothing was observed', () => {
    const observed = { source: 'sysfs' as const, groups: [{ id: 7, devices: [GPU] }] };
    const trials = new Trials({ ...desk(), observed }, { drivers });
    expect(trials.base.running.machine.observed).toBeUndefined();
  });
});

describe('what has a say in whether two devices share a group', () => {
  const concerned = (a: string, b: string, machine = desk()): string[] =>
    [...concernedBy({ ...tried().base, running: boot(machine, { drivers }) }, a, b)]
      .map((name) => name.slice(5))
      .sort();

  test('is all of their groups, and what is above', () => {
    expect(concerned(GPU, AUDIO)).toEqual(['00:01.0', '01:00.0', '01:00.1']);
    expect(concerned('0000:04:01.0', '0000:04:04.0')).toEqual(['00:03.0', '03:00.0', '04:01.0', '04:04.0']);
  });

  test('is the function that one is a virtual function of', () => {
    expect(concerned('0000:02:02.0', DISK)).toContain('02:00.0');
  });

  test('is every function of a slot on the way', () => {
    const machine = desk();
    const second = { ...machine.pci!.functions[0]!, address: '0000:00:01.1', secondaryBus: 9, subordinateBus: 9 };
    expect(concerned(GPU, AUDIO, { ...machine, pci: { functions: [...machine.pci!.functions, second] } })).toContain(
      '00:01.1',
    );
  });

  test('leaves out changes of all else, and keeps a newer kernel and every exchange with something concerned', () => {
    const trials = tried();
    const all = everyChange(trials).map(formatChange);
    const some = everyChangeOf(trials, new Set([DISK, '0000:00:06.0'])).map(formatChange);
    expect(all).toEqual(expect.arrayContaining(some));
    const left = all.filter((words) => !some.includes(words));
    expect(left.filter((words) => /\b(?:07:00\.0|00:06\.0)/.test(words) && !/ to /.test(words))).toEqual([]);
    expect(some.some((words) => words.startsWith('kernel'))).toBe(true);
    expect(some.some((words) => words.startsWith('swap'))).toBe(true);
    expect(some.filter((words) => words.startsWith('acs')).length).toBeLessThan(
      all.filter((words) => words.startsWith('acs')).length,
    );
  });
});
