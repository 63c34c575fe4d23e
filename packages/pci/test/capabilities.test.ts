import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { ConfigSpace, findCapability, findExtendedCapability } from '../src/index.js';
import { ACS_ID, type ConfigSketch, configBytes, PCI_EXPRESS_ID } from './support/config-space.js';

const POWER_MANAGEMENT = 0x01;
const ERROR_REPORTING = 0x01;

const find = (sketch: ConfigSketch, id = PCI_EXPRESS_ID) => findCapability(new ConfigSpace(configBytes(sketch)), id);
const findExtended = (sketch: ConfigSketch, express: boolean | undefined = true, size?: number) =>
  findExtendedCapability(new ConfigSpace(configBytes(sketch), size), ACS_ID, express);

const TWO = [
  { at: 0x50, id: POWER_MANAGEMENT },
  { at: 0x70, id: PCI_EXPRESS_ID },
];

test('finds a capability further down the list', () => {
  expect(find({ capabilities: TWO })).toBe(0x70);
});

test('knows that a function without a list has no capability', () => {
  expect(find({})).toBeNull();
});

test('follows no pointer of a function whose status says that there is no list', () => {
  const bytes = configBytes({ capabilities: TWO });
  bytes[0x06] = 0;
  expect(findCapability(new ConfigSpace(bytes), PCI_EXPRESS_ID)).toBeNull();
});

test('knows that a list read to its end holds no such capability', () => {
  expect(find({ capabilities: TWO }, 0x11)).toBeNull();
});

test('finds what stands in the first 256 bytes when only those were read', () => {
  expect(find({ capabilities: TWO, length: 256 })).toBe(0x70);
});

test('cannot tell when the list leads past the 64 bytes that were read', () => {
  expect(find({ capabilities: TWO, length: 64 })).toBeUndefined();
});

test('knows from 64 bytes that there is no list', () => {
  expect(find({ length: 64 })).toBeNull();
});

test('cannot tell when the status register was not read', () => {
  expect(find({ length: 6 })).toBeUndefined();
});

test('cannot tell when the pointer to the list was not read', () => {
  expect(find({ capabilities: TWO, length: 0x34 })).toBeUndefined();
});

test('cannot tell of a function that answers with all ones', () => {
  expect(findCapability(new ConfigSpace(new Uint8Array(256).fill(0xff)), PCI_EXPRESS_ID)).toBeUndefined();
});

test('ends at a capability that points to itself', () => {
  expect(find({ capabilities: [{ at: 0x50, id: POWER_MANAGEMENT, next: 0x50 }] })).toBeNull();
});

test('ends in a loop of two', () => {
  const loop = [
    { at: 0x50, id: POWER_MANAGEMENT },
    { at: 0x60, id: POWER_MANAGEMENT, next: 0x50 },
  ];
  expect(find({ capabilities: loop })).toBeNull();
});

test('ignores the two lowest bits of a pointer', () => {
  expect(
    find({
      capabilities: [
        { at: 0x50, id: POWER_MANAGEMENT, next: 0x73 },
        { at: 0x70, id: PCI_EXPRESS_ID },
      ],
    }),
  ).toBe(0x70);
});

test('ends at a pointer into the header, where a base address looks like the capability', () => {
  const bytes = configBytes({ capabilities: [{ at: 0x50, id: POWER_MANAGEMENT, next: 0x10 }] });
  bytes[0x10] = PCI_EXPRESS_ID;
  expect(findCapability(new ConfigSpace(bytes), PCI_EXPRESS_ID)).toBeNull();
});

test('ends at an entry of all ones', () => {
  expect(
    find({
      capabilities: [
        { at: 0x50, id: 0xff, next: 0x70 },
        { at: 0x70, id: PCI_EXPRESS_ID },
      ],
    }),
  ).toBeNull();
});

test('reaches the last of as many entries as fit', () => {
  const full = Array.from({ length: 48 }, (_, index) => ({
    at: 0x40 + 4 * index,
    id: index === 47 ? PCI_EXPRESS_ID : POWER_MANAGEMENT,
  }));
  expect(find({ capabilities: full })).toBe(0xfc);
});

test('starts the list of a CardBus bridge at its own pointer', () => {
  expect(find({ headerType: 2, capabilities: [{ at: 0xa0, id: POWER_MANAGEMENT }] }, POWER_MANAGEMENT)).toBe(0xa0);
});

const EXTENDED = [
  { at: 0x100, id: ERROR_REPORTING },
  { at: 0x150, id: ACS_ID },
];

test('finds an extended capability further down the list', () => {
  expect(findExtended({ extended: EXTENDED })).toBe(0x150);
});

test('finds an extended capability at the start of the list', () => {
  expect(findExtended({ extended: [{ at: 0x100, id: ACS_ID }] })).toBe(0x100);
});

test('knows that an empty extended list holds nothing', () => {
  expect(findExtended({})).toBeNull();
});

test('finds an extended capability of which only the header was read', () => {
  expect(findExtended({ extended: [{ at: 0x100, id: ACS_ID }], length: 0x104 })).toBe(0x100);
});

test('takes a header of zeros for the end of the extended list, not for a capability of id 0', () => {
  expect(findExtendedCapability(new ConfigSpace(configBytes()), 0, true)).toBeNull();
});

test('knows that an extended list read to its end holds no such capability', () => {
  expect(findExtended({ extended: [{ at: 0x100, id: ERROR_REPORTING }] })).toBeNull();
});

test.each([4096, 0x104])('knows that an extended list of all ones is none (%i bytes read)', (length) => {
  const bytes = configBytes({ length });
  bytes.fill(0xff, 0x100);
  expect(findExtendedCapability(new ConfigSpace(bytes), ACS_ID, true)).toBeNull();
});

test.each([true, undefined])('cannot tell of extended capabilities from 256 bytes (PCI Express: %s)', (express) => {
  expect(findExtendedCapability(new ConfigSpace(configBytes({ length: 256 })), ACS_ID, express)).toBeUndefined();
});

test('knows from 256 bytes that a conventional function has no extended list', () => {
  expect(findExtended({ length: 256 }, false)).toBeNull();
});

test('knows that a function of 256 bytes has no extended list', () => {
  expect(findExtended({ length: 256 }, true, 256)).toBeNull();
});

test('cannot tell when the extended list leads past what was read', () => {
  expect(findExtended({ extended: EXTENDED, length: 0x140 })).toBeUndefined();
});

test('ends at an extended capability that points to itself', () => {
  expect(findExtended({ extended: [{ at: 0x100, id: ERROR_REPORTING, next: 0x100 }] })).toBeNull();
});

test('ends at an extended pointer below the list, where bytes look like the capability', () => {
  const bytes = configBytes({ extended: [{ at: 0x100, id: ERROR_REPORTING, next: 0x40 }] });
  bytes[0x40] = ACS_ID;
  expect(findExtendedCapability(new ConfigSpace(bytes), ACS_ID, true)).toBeNull();
});

// Linux allows each entry eight bytes, though a pointer can lead to every fourth.
test.each([
  [480, 'finds', 0x100 + 4 * 479],
  [481, 'does not reach', null],
])('of a chain of %i extended capabilities %s the last', (count, _, found) => {
  const extended = Array.from({ length: count }, (_, index) => ({
    at: 0x100 + 4 * index,
    id: index === count - 1 ? ACS_ID : ERROR_REPORTING,
  }));
  expect(findExtended({ extended })).toBe(found);
});

test('gives an offset within the bytes, or none, for any bytes of any length', () => {
  const lengths = fc.constantFrom(0, 7, 64, 256, 260, 4096);
  const bytes = lengths.chain((length) => fc.uint8Array({ minLength: length, maxLength: length, size: 'max' }));
  fc.assert(
    fc.property(bytes, fc.nat(255), fc.constantFrom(true, false, undefined), (all, id, express) => {
      // With the list bit set, and an id that is there, the search goes far.
      if (all.length > 0x40) all[6] = 0x10;
      const config = new ConfigSpace(all);
      for (const [found, start] of [
        [findCapability(config, id), 0x40],
        [findExtendedCapability(config, id, express), 0x100],
      ] as const) {
        if (typeof found !== 'number') continue;
        expect(found).toBeGreaterThanOrEqual(start);
        expect(config.u8(found)).toBe(id & 0xff);
      }
    }),
    { numRuns: runs(2_000, 300) },
  );
});
