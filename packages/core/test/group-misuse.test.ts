import { expect, test } from 'vitest';
import { Emitter } from '../src/events.js';
import { GroupTable } from '../src/group-table.js';
import type { Group } from '../src/index.js';
import { codeOf, groupsOf, nextId } from './support/observe.js';
import { device } from './support/toy.js';

const [member, stranger] = [device('member'), device('stranger')];

/** Two groups: 0 has one member and nobody else; 1 is empty and held; a third has ended. */
const start = () => {
  const groups = new GroupTable(new Emitter());
  const full = groups.alloc();
  groups.adopt(full, member);
  const held = groups.alloc();
  const ended = groups.alloc();
  groups.put(ended);
  return { groups, full, held, ended };
};

type Start = ReturnType<typeof start>;

const foreign = (): Group => new GroupTable(new Emitter()).alloc();

const MISUSE: readonly [title: string, code: string, call: (start: Start) => unknown][] = [
  ['a put when the members hold all references', 'ERR_GROUP_REFERENCE', ({ groups, full }) => groups.put(full)],
  ['a dispose when the members hold all references', 'ERR_GROUP_REFERENCE', ({ full }) => full[Symbol.dispose]()],
  [
    'an adopt when the members hold all references',
    'ERR_GROUP_REFERENCE',
    ({ groups, full }) => groups.adopt(full, stranger),
  ],
  ['a put of an ended group', 'ERR_GROUP_ENDED', ({ groups, ended }) => groups.put(ended)],
  ['a dispose of an ended group', 'ERR_GROUP_ENDED', ({ ended }) => ended[Symbol.dispose]()],
  ['a reference on an ended group', 'ERR_GROUP_ENDED', ({ groups, ended }) => groups.ref(ended)],
  ['a join of an ended group', 'ERR_GROUP_ENDED', ({ groups, ended }) => groups.join(ended, stranger)],
  ['an adopt into an ended group', 'ERR_GROUP_ENDED', ({ groups, ended }) => groups.adopt(ended, stranger)],
  ['a name for an ended group', 'ERR_GROUP_ENDED', ({ groups, ended }) => groups.setName(ended, 'name')],
  ['data for an ended group', 'ERR_GROUP_ENDED', ({ groups, ended }) => groups.setData(ended, 1)],
  ['a visit of an ended group', 'ERR_GROUP_ENDED', ({ groups, ended }) => groups.forEachDevice(ended, () => 1)],
  ['a group of another table that has the same id', 'ERR_GROUP_ENDED', ({ groups }) => groups.put(foreign())],
  ['a second join into another group', 'ERR_DEVICE_GROUPED EEXIST', ({ groups, held }) => groups.join(held, member)],
  ['a second join into the same group', 'ERR_DEVICE_GROUPED EEXIST', ({ groups, full }) => groups.join(full, member)],
  [
    'an adopt of a device that has a group',
    'ERR_DEVICE_GROUPED EEXIST',
    ({ groups, held }) => groups.adopt(held, member),
  ],
  ['the leaving of a device without a group', 'ERR_DEVICE_UNKNOWN', ({ groups }) => groups.leave(stranger)],
];

test.each(MISUSE)('refuses %s with %s and changes nothing', (_, code, call) => {
  const state = start();
  const before = groupsOf(state.groups);
  expect(codeOf(() => call(state))).toBe(code);
  expect(groupsOf(state.groups)).toEqual(before);
  expect(nextId(state.groups)).toBe(2);
  expect([state.groups.of(member)?.id, state.groups.of(stranger)?.id]).toEqual([0, undefined]);
});

test('tells an ended group from a new one that has its id', () => {
  const { groups, ended } = start();
  const heir = groups.alloc();
  expect(heir.id).toBe(ended.id);
  expect(codeOf(() => groups.put(ended))).toBe('ERR_GROUP_ENDED');
  expect(heir.references).toBe(1);
});

test('names the group and the reference count when one is given back twice', () => {
  const { groups, full } = start();
  expect(() => groups.put(full)).toThrow('put on group 0: its 1 members hold all 1 references');
});
