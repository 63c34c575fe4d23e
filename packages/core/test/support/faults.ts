import type { BoundDriver, Group } from '../../src/index.js';
import { device, reason, refusal, type ToyDriver } from './toy.js';

export const [good, bad] = [device('good'), device('bad')];

/** Group `good` as a toy does; do the wrong thing for `bad`. */
const wrongGroup = (
  deviceGroup: (groups: Parameters<BoundDriver['deviceGroup']>[1]) => unknown,
): Partial<ToyDriver> => ({
  deviceGroup: (wanted, groups) => {
    if (wanted === bad) return deviceGroup(groups) as ReturnType<BoundDriver['deviceGroup']>;
    return { group: groups.alloc(), reasons: [reason('alone')] };
  },
});

const fail = (): never => {
  throw new TypeError('a bug in the driver');
};

const reasons = [reason('because')];

/** A group that no driver call handed out. */
const foreign = { id: 0, devices: [], references: 1 } as unknown as Group;

/** What a driver may do wrong to `bad` while it groups `good` as it should, and the code of what the model throws then. */
export const FAULTS: readonly [title: string, code: string, driver: Partial<ToyDriver>][] = [
  ['throws in deviceGroup', 'ERR_DRIVER_CONTRACT', wrongGroup(fail)],
  [
    'throws in deviceGroup with groups allocated, held and kept',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      groups.keep(groups.alloc());
      groups.get(good);
      return fail();
    }),
  ],
  ['returns undefined from deviceGroup', 'ERR_DRIVER_CONTRACT', wrongGroup(() => undefined)],
  ['returns null from deviceGroup', 'ERR_DRIVER_CONTRACT', wrongGroup(() => null)],
  ['returns a text from deviceGroup', 'ERR_DRIVER_CONTRACT', wrongGroup(() => 'group 0')],
  ['returns undefined after it allocated a group', 'ERR_DRIVER_CONTRACT', wrongGroup((groups) => void groups.alloc())],
  ['returns a bare group', 'ERR_DRIVER_CONTRACT', wrongGroup((groups) => groups.alloc())],
  ['returns reasons without a group', 'ERR_DRIVER_CONTRACT', wrongGroup(() => ({ reasons }))],
  ['returns null for the group', 'ERR_DRIVER_CONTRACT', wrongGroup(() => ({ group: null, reasons }))],
  ['returns an errno without a reason', 'ERR_DRIVER_CONTRACT', wrongGroup(() => ({ errno: 'ENODEV' }))],
  ['gives no reason', 'ERR_DRIVER_CONTRACT', wrongGroup((groups) => ({ group: groups.alloc(), reasons: [] }))],
  ['lacks the reasons', 'ERR_DRIVER_CONTRACT', wrongGroup((groups) => ({ group: groups.alloc() }))],
  [
    'gives no reason for a group that its unit shall keep',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      const group = groups.alloc();
      groups.keep(group);
      return { group, reasons: [] };
    }),
  ],
  [
    'returns a group on which it holds no reference',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      const group = groups.get(good) as Group;
      groups.put(group);
      return { group, reasons };
    }),
  ],
  ['returns a group of its own making', 'ERR_DRIVER_CONTRACT', wrongGroup(() => ({ group: foreign, reasons }))],
  [
    'returns a group that has ended',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      const group = groups.alloc();
      groups.put(group);
      return { group, reasons };
    }),
  ],
  [
    'keeps a second reference on the group that it returns',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => ({ group: groups.ref(groups.alloc()), reasons })),
  ],
  [
    'keeps a reference on another group',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      groups.get(good);
      return { group: groups.alloc(), reasons };
    }),
  ],
  [
    'keeps a reference on another group that it took after its own',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      const group = groups.alloc();
      groups.get(good);
      return { group, reasons };
    }),
  ],
  [
    'keeps a reference as it refuses',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      groups.get(good);
      return refusal('ENODEV');
    }),
  ],
  [
    'puts a group that it does not hold',
    'ERR_GROUP_REFERENCE',
    wrongGroup((groups) => {
      const group = groups.get(good) as Group;
      groups.put(group);
      groups.put(group);
      return fail();
    }),
  ],
  [
    'puts a group in a call that took no reference',
    'ERR_GROUP_REFERENCE',
    wrongGroup((groups) => {
      groups.put(foreign);
      return fail();
    }),
  ],
  [
    'takes a reference on an ended group',
    'ERR_GROUP_ENDED',
    wrongGroup((groups) => {
      const group = groups.alloc();
      groups.put(group);
      return { group: groups.ref(group), reasons };
    }),
  ],
  [
    'stores data whose release throws, and returns no reason',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      const group = groups.alloc();
      groups.setData(group, 1, fail);
      return { group, reasons: [] };
    }),
  ],
  [
    'stores data whose release throws, and holds the groups',
    'ERR_DRIVER_CONTRACT',
    wrongGroup((groups) => {
      for (const group of [groups.alloc(), groups.alloc()]) groups.setData(group, 1, fail);
      return { group: groups.alloc(), reasons };
    }),
  ],
  ['throws in probeDevice', 'ERR_DRIVER_CONTRACT', { probeDevice: (one) => (one === bad ? fail() : undefined) }],
  [
    'returns neither a refusal nor undefined from probeDevice',
    'ERR_DRIVER_CONTRACT',
    { probeDevice: (one) => (one === bad ? (true as never) : undefined) },
  ],
  [
    'throws in defaultDomainType',
    'ERR_DRIVER_CONTRACT',
    { defaultDomainType: (one) => (one === bad ? fail() : undefined) },
  ],
  ['throws in domainError', 'ERR_DRIVER_CONTRACT', { domainError: (one) => (one === bad ? fail() : undefined) }],
];
