import { describe, expect, test } from 'vitest';
import { Emitter } from '../src/events.js';
import { GroupTable } from '../src/group-table.js';
import { codeOf, groupsOf, nextId } from './support/observe.js';
import { device } from './support/toy.js';

const table = () => new GroupTable(new Emitter());

describe('name', () => {
  test('has the name that was set last', () => {
    const groups = table();
    const group = groups.alloc();
    groups.setName(group, 'first');
    groups.setName(group, 'second');
    expect(group.name).toBe('second');
  });

  test('has no name after its removal', () => {
    const groups = table();
    const group = groups.alloc();
    groups.setName(group, 'first');
    groups.setName(group, undefined);
    expect(group.name).toBeUndefined();
  });

  test('takes the empty text for a name', () => {
    const groups = table();
    const group = groups.alloc();
    groups.setName(group, '');
    expect(group.name).toBe('');
    groups.setName(group, undefined);
    expect(group.name).toBeUndefined();
  });

  test('answers ENOMEM to the removal of a name that was never set', () => {
    const groups = table();
    const group = groups.alloc();
    expect(codeOf(() => groups.setName(group, undefined))).toBe('ERR_REFUSED ENOMEM');
  });

  test('answers ENOMEM to the second removal', () => {
    const groups = table();
    const group = groups.alloc();
    groups.setName(group, 'first');
    groups.setName(group, undefined);
    expect(codeOf(() => groups.setName(group, undefined))).toBe('ERR_REFUSED ENOMEM');
  });
});

describe('private data', () => {
  test('shows what was stored last', () => {
    const groups = table();
    const group = groups.alloc();
    groups.setData(group, 'first');
    groups.setData(group, 'second');
    expect(group.data).toBe('second');
  });

  test('is released with the group, not with its members', () => {
    const groups = table();
    const group = groups.alloc();
    const released: unknown[] = [];
    const member = device('a');
    groups.setData(group, 'data', (data) => released.push(data));
    groups.join(group, member);
    groups.leave(member);
    expect(released).toEqual([]);
    groups.put(group);
    expect(released).toEqual(['data']);
  });

  test('is released once, by the release that was stored last', () => {
    const groups = table();
    const group = groups.alloc();
    const released: unknown[] = [];
    groups.setData(group, 1, () => released.push('by the first'));
    groups.setData(group, 2, (data) => released.push(data));
    groups.put(group);
    expect(codeOf(() => groups.put(group))).toBe('ERR_GROUP_ENDED');
    expect(released).toEqual([2]);
  });

  test('is released before the id is free', () => {
    const groups = table();
    const group = groups.alloc();
    let during: number | undefined;
    groups.setData(group, undefined, () => {
      during = nextId(groups);
    });
    groups.put(group);
    expect([during, nextId(groups)]).toEqual([1, 0]);
  });

  test('ends the group and frees its id though the release throws', () => {
    const groups = table();
    const group = groups.alloc();
    let calls = 0;
    groups.setData(group, undefined, () => {
      calls++;
      throw new Error('from the release');
    });
    expect(() => groups.put(group)).toThrow('from the release');
    expect(calls).toBe(1);
    expect(groupsOf(groups)).toEqual([]);
    expect(nextId(groups)).toBe(0);
  });

  test('lets the last member go though the release throws', () => {
    const groups = table();
    const group = groups.alloc();
    const member = device('a');
    groups.setData(group, undefined, () => {
      throw new Error('from the release');
    });
    groups.adopt(group, member);
    expect(() => groups.leave(member)).toThrow('from the release');
    expect(groups.of(member)).toBeUndefined();
    groups.adopt(groups.alloc(), member);
    expect(groups.of(member)?.id).toBe(0);
  });
});
