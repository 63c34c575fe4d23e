import { expect, test } from 'vitest';
import { Emitter } from '../src/events.js';
import { GroupTable } from '../src/group-table.js';
import { membersOf, nextId } from './support/observe.js';
import { device } from './support/toy.js';

const table = () => new GroupTable(new Emitter());
const a = device('a');
const b = device('b');

test('numbers groups 0, 1, 2 in the order of their creation', () => {
  const groups = table();
  expect([groups.alloc().id, groups.alloc().id, groups.alloc().id]).toEqual([0, 1, 2]);
});

test('gives a new group the lowest id that is free', () => {
  const groups = table();
  const [first, second, third] = [groups.alloc(), groups.alloc(), groups.alloc()];
  groups.put(third);
  groups.put(first);
  expect([groups.alloc().id, groups.alloc().id, groups.alloc().id, second.id]).toEqual([0, 2, 3, 1]);
});

test('starts a group with one reference, no member, no name, no type and no data', () => {
  expect(table().alloc()).toMatchObject({
    references: 1,
    devices: [],
    linkNames: [],
    name: undefined,
    type: undefined,
    data: undefined,
  });
});

test('ends a group with its last reference', () => {
  const groups = table();
  const group = groups.alloc();
  groups.ref(group);
  groups.put(group);
  expect(groups.size).toBe(1);
  groups.put(group);
  expect(groups.size).toBe(0);
  expect(group.references).toBe(0);
});

test('ends a group when its last member leaves and nothing else holds it', () => {
  const groups = table();
  groups.adopt(groups.alloc(), a);
  groups.leave(a);
  expect(groups.size).toBe(0);
});

test('keeps an empty group, with its id, while it is held', () => {
  const groups = table();
  const group = groups.alloc();
  groups.join(group, a);
  groups.leave(a);
  expect(membersOf(groups)).toEqual({ 0: [] });
  expect(nextId(groups)).toBe(1);
});

test('lets an emptied group that is held take members again', () => {
  const groups = table();
  const group = groups.alloc();
  groups.join(group, a);
  groups.leave(a);
  groups.join(group, b);
  expect(membersOf(groups)).toEqual({ 0: ['b'] });
});

test('forgets the type of a group when its last member leaves', () => {
  const groups = table();
  const group = groups.alloc();
  groups.join(group, a);
  groups.join(group, b);
  groups.record(group).type = 'DMA';
  groups.leave(a);
  expect(group.type).toBe('DMA');
  groups.leave(b);
  expect(group.type).toBeUndefined();
});

test('takes one more reference for a device that joins by hand', () => {
  const groups = table();
  const group = groups.alloc();
  groups.join(group, a);
  expect(group.references).toBe(2);
});

test('makes the reference of the caller that of the device when a driver lets it in', () => {
  const groups = table();
  const group = groups.alloc();
  groups.adopt(group, a);
  expect(group.references).toBe(1);
});

test('drops the reference of a device that leaves, whichever way it came', () => {
  const groups = table();
  const group = groups.alloc();
  groups.join(group, a);
  groups.adopt(groups.ref(group), b);
  expect(group.references).toBe(3);
  groups.leave(a);
  groups.leave(b);
  expect(group.references).toBe(1);
});

test('hands out the group of a device with one more reference', () => {
  const groups = table();
  const group = groups.alloc();
  groups.adopt(group, a);
  expect(groups.get(a)).toBe(group);
  expect(group.references).toBe(2);
});

test('hands out nothing for a device without a group', () => {
  expect(table().get(a)).toBeUndefined();
});

test('lends the group of a device, the group of an id and the list without taking references', () => {
  const groups = table();
  const group = groups.alloc();
  groups.adopt(group, a);
  expect([groups.of(a), groups.byId(0), ...groups]).toEqual([group, group, group]);
  expect(group.references).toBe(1);
  expect([groups.of(b), groups.byId(1)]).toEqual([undefined, undefined]);
});

test('accepts undefined where a group is put', () => {
  const groups = table();
  groups.alloc();
  groups.put(undefined);
  expect(groups.size).toBe(1);
});

test('gives the reference back at the end of a using block', () => {
  const groups = table();
  groups.adopt(groups.alloc(), a);
  {
    using group = groups.get(a);
    expect(group?.references).toBe(2);
  }
  expect(groups.of(a)?.references).toBe(1);
});

test('gives the reference back when a using block throws', () => {
  const groups = table();
  const held = (): void => {
    using _group = groups.alloc();
    throw new Error('inside the block');
  };
  expect(held).toThrow('inside the block');
  expect(groups.size).toBe(0);
});

test('lists groups by their ids, not in the order of their creation', () => {
  const groups = table();
  const first = groups.alloc();
  groups.alloc();
  groups.put(first);
  expect([...groups].map(({ id }) => id)).toEqual([1]);
  groups.alloc();
  expect([...groups].map(({ id }) => id)).toEqual([0, 1]);
});
