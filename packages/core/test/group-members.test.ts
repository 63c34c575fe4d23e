import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Emitter } from '../src/events.js';
import { GroupTable } from '../src/group-table.js';
import type { Device, Group } from '../src/index.js';
import { device } from './support/toy.js';

/** A table with one group, which the test holds. */
const start = (...members: Device[]): { groups: GroupTable; group: Group } => {
  const groups = new GroupTable(new Emitter());
  const group = groups.alloc();
  for (const member of members) groups.join(group, member);
  return { groups, group };
};

/** Devices of different buses that share one name. */
const twins = (count: number, name = 'a') => Array.from({ length: count }, (_, n) => device(name, { bus: `bus${n}` }));

describe('order', () => {
  const [a, b, c] = [device('a'), device('b'), device('c')];

  test('lists members in the order in which they joined', () => {
    expect(start(c, a, b).group.devices).toEqual([c, a, b]);
  });

  test('puts a member that comes back at the end', () => {
    const { groups, group } = start(c, a, b);
    groups.leave(c);
    groups.join(group, c);
    expect(group.devices).toEqual([a, b, c]);
    expect(group.linkNames).toEqual(['a', 'b', 'c']);
  });

  test('visits every member in join order', () => {
    const { groups, group } = start(c, a, b);
    const seen: string[] = [];
    expect(groups.forEachDevice(group, ({ name }) => void seen.push(name))).toBeUndefined();
    expect(seen).toEqual(['c', 'a', 'b']);
  });

  test('stops the visit at the first that returns something, and returns it', () => {
    const { groups, group } = start(c, a, b);
    const seen: string[] = [];
    const result = groups.forEachDevice(group, ({ name }) => {
      seen.push(name);
      return name === 'a' ? 0 : undefined;
    });
    expect(result).toBe(0);
    expect(seen).toEqual(['c', 'a']);
  });

  test('visits the members of the start, though a visit takes some out', () => {
    const { groups, group } = start(a, b, c);
    const seen: string[] = [];
    groups.forEachDevice(group, (member) => {
      seen.push(member.name);
      groups.leave(member);
    });
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(group.devices).toEqual([]);
  });
});

describe('link names', () => {
  test('links a member by its name', () => {
    expect(start(device('a'), device('b')).group.linkNames).toEqual(['a', 'b']);
  });

  test('tells members of one name apart by .0, .1, .2', () => {
    expect(start(...twins(4)).group.linkNames).toEqual(['a', 'a.0', 'a.1', 'a.2']);
  });

  test('counts the suffix for each name from 0', () => {
    const { group } = start(...twins(2, 'a'), ...twins(2, 'b'));
    expect(group.linkNames).toEqual(['a', 'a.0', 'b', 'b.0']);
  });

  test('steps over a suffixed name that a device bears by itself', () => {
    expect(start(device('a.0'), ...twins(2)).group.linkNames).toEqual(['a.0', 'a', 'a.1']);
  });

  test('leaves a suffix as it is after the first of the name has left', () => {
    const [first, second] = twins(2) as [Device, Device];
    const { groups, group } = start(first, second);
    groups.leave(first);
    expect(group.linkNames).toEqual(['a.0']);
  });

  test('gives a freed name to the next that wants it', () => {
    const [first, second, third] = twins(3) as [Device, Device, Device];
    const { groups, group } = start(first, second);
    groups.leave(first);
    groups.join(group, third);
    expect(group.linkNames).toEqual(['a.0', 'a']);
  });

  test('gives a freed suffix to the next that wants it', () => {
    const [first, second, third, fourth] = twins(4) as [Device, Device, Device, Device];
    const { groups, group } = start(first, second, third);
    groups.leave(second);
    groups.join(group, fourth);
    expect(group.linkNames).toEqual(['a', 'a.1', 'a.0']);
  });

  test('removes the link of the device that leaves, not that of its namesake', () => {
    const [first, second, third] = twins(3) as [Device, Device, Device];
    const { groups, group } = start(first, second, third);
    groups.leave(second);
    expect(group.devices).toEqual([first, third]);
    expect(group.linkNames).toEqual(['a', 'a.1']);
  });

  test('follows the same rule in a group of forty', () => {
    const { group } = start(...twins(40));
    expect(group.linkNames).toEqual(['a', ...Array.from({ length: 39 }, (_, n) => `a.${n}`)]);
  });

  test('gives freed names again in a group of forty', () => {
    const members = twins(40);
    const { groups, group } = start(...members);
    groups.leave(members[0] as Device);
    groups.leave(members[20] as Device);
    for (const member of twins(3)) groups.join(group, member);
    expect(group.linkNames.slice(-3)).toEqual(['a', 'a.19', 'a.39']);
  });

  /** The group searches its list while it is short and keeps a set when it is long: both must tell the same. */
  test('agrees with a search of all names, whatever joins and leaves', () => {
    const names = fc.constantFrom('a', 'a.0', 'b');
    const steps = fc.array(fc.oneof({ weight: 3, arbitrary: names }, fc.nat(40)), { maxLength: 120 });
    fc.assert(
      fc.property(steps, (list) => {
        const { groups, group } = start();
        const expected: { member: Device; link: string }[] = [];
        for (const step of list) {
          if (typeof step === 'number') {
            for (const { member } of expected.splice(step, 1)) groups.leave(member);
            continue;
          }
          const links = new Set(expected.map(({ link }) => link));
          const wished = [step, ...Array.from({ length: links.size + 1 }, (_, n) => `${step}.${n}`)];
          const member = device(step);
          expected.push({ member, link: wished.find((link) => !links.has(link)) as string });
          groups.join(group, member);
        }
        expect(group.linkNames).toEqual(expected.map(({ link }) => link));
        expect(group.devices).toEqual(expected.map(({ member }) => member));
      }),
    );
  });
});
