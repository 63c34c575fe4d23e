import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DeviceEntry, type EntrySketch, parseIvrs, usedIvhds, writeIvrs } from '../src/index.js';

const anyId = fc.nat(0xffff);
const anyAddress = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const letters = (maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...'ABCXYZ019._\\'), minLength: 1, maxLength });
const anyEntry: fc.Arbitrary<EntrySketch> = fc.oneof(
  fc.constant({ kind: 'all' as const }),
  fc.record(
    { kind: fc.constant('select' as const), deviceId: anyId, alias: anyId },
    { requiredKeys: ['kind', 'deviceId'] },
  ),
  fc.record(
    { kind: fc.constant('range' as const), first: anyId, last: anyId, alias: anyId },
    { requiredKeys: ['kind', 'first', 'last'] },
  ),
  fc.record({
    kind: fc.constant('special' as const),
    deviceId: anyId,
    variety: fc.constantFrom('io-apic' as const, 'hpet' as const),
  }),
  fc.record(
    { kind: fc.constant('acpi-hid' as const), deviceId: anyId, hid: letters(8), uid: letters(255) },
    { requiredKeys: ['kind', 'deviceId', 'hid'] },
  ),
);
const anyUnit = fc.record({
  deviceId: anyId,
  capabilityOffset: anyId,
  base: anyAddress,
  segment: anyId,
  efr: anyAddress,
  efr2: anyAddress,
  entries: fc.array(anyEntry, { maxLength: 6 }),
});
const anyMemory = fc.record(
  {
    devices: fc.record({ first: anyId, last: anyId }),
    segment: anyId,
    start: anyAddress,
    length: anyAddress,
    kind: fc.constantFrom('unity' as const, 'exclusion' as const),
  },
  { requiredKeys: ['segment', 'start', 'length', 'kind'] },
);

/** What reading gives of an entry, without the places. */
const asRead = (entry: EntrySketch): object[] => {
  switch (entry.kind) {
    case 'range': {
      const { first, last, alias } = entry;
      return [
        { kind: 'range-start', deviceId: first, ...(alias !== undefined && { alias }) },
        { kind: 'range-end', deviceId: last },
      ];
    }
    case 'special':
      return [{ ...entry, variety: entry.variety === 'io-apic' ? 1 : 2 }];
    case 'acpi-hid':
      return [{ uid: undefined, ...entry }];
    default:
      return [entry];
  }
};

const withoutPlace = ({ offset: _, ...rest }: DeviceEntry): object => rest;

test('writes what is read back the same', () => {
  fc.assert(
    fc.property(fc.array(anyUnit, { minLength: 1, maxLength: 3 }), fc.array(anyMemory), (units, memory) => {
      const ivrs = parseIvrs(writeIvrs({ units: units.map((unit) => ({ type: 0x40, ...unit })), memory }));
      expect(ivrs).toMatchObject({
        checksumOk: true,
        ivInfo: 1,
        ivhds: units.map(({ entries: _, ...unit }) => unit),
        ivmds: memory.map(({ devices, kind, ...rest }) => ({
          ...rest,
          devices,
          unity: kind === 'unity',
          exclusion: kind === 'exclusion',
        })),
      });
      expect(ivrs.ivhds.map(({ entries }) => entries.map(withoutPlace))).toEqual(
        units.map(({ entries }) => entries.flatMap(asRead)),
      );
    }),
  );
});

test.each([
  ['the first', { deviceId: 2, entries: [{ kind: 'all' as const }] }, 0x10],
  ['one with room for features', { deviceId: 2, efr: 1n, entries: [] }, 0x11],
  ['one with room for the second features', { deviceId: 2, efr2: 1n, entries: [] }, 0x11],
  [
    'one that may name devices of ACPI',
    { deviceId: 2, entries: [{ kind: 'acpi-hid' as const, deviceId: 3, hid: 'A' }] },
    0x40,
  ],
])('writes the oldest format that will do: %s', (_, unit, type) => {
  expect(usedIvhds(parseIvrs(writeIvrs({ units: [unit] })))).toMatchObject([{ type }]);
});

test('takes segment 0, a capability at 0x40 and unity where nothing is said', () => {
  const { ivInfo, ivhds, ivmds } = parseIvrs(
    writeIvrs({ units: [{ deviceId: 2, entries: [] }], memory: [{ start: 0n, length: 1n }] }),
  );
  expect([ivInfo, ivhds[0]?.segment, ivhds[0]?.capabilityOffset, ivhds[0]?.base]).toEqual([0, 0, 0x40, 0xfeb80000n]);
  expect(ivmds).toMatchObject([{ segment: 0, devices: undefined, unity: true }]);
});
