import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { mapId, mapSingles } from '../src/iort/id-map.js';
import { type IortNode, isSmmu } from '../src/iort/nodes.js';
import { parseIort } from '../src/iort/parse-iort.js';
import {
  iort,
  itsGroup,
  type MappingSketch,
  namedComponent,
  otherNode,
  rootComplex,
  smmuV2,
  smmuV3,
} from './support/iort.js';

/** Where an id of a root complex comes out at the one SMMU: as which id, or nowhere. */
const through = (id: number, ...mappings: MappingSketch[]): number | undefined => {
  const table = parseIort(iort(rootComplex(0, ...mappings), smmuV3(), itsGroup(0)));
  return mapId(table, table.nodes[0] as IortNode, id, isSmmu)?.id;
};

test('adds what separates the output from the input', () => {
  expect(through(0x105, { input: 0x100, count: 0xff, output: 0x2000, to: 1 })).toBe(0x2005);
});

test('counts one id more than the table says', () => {
  const mapping = { input: 0x100, count: 0xff, output: 0x100, to: 1 };
  expect([through(0x100, mapping), through(0x1ff, mapping)]).toEqual([0x100, 0x1ff]);
  expect([through(0xff, mapping), through(0x200, mapping)]).toEqual([undefined, undefined]);
});

test('leads nowhere without mappings', () => {
  expect(through(0)).toBeUndefined();
});

test('leads nowhere when the node that a mapping names is none', () => {
  expect(through(0, { to: -1 })).toBeUndefined();
});

test('gives the last id of a range to a range that starts there', () => {
  const counted = { input: 0, count: 0x100, output: 0x1000, to: 1 };
  const next = { input: 0x100, count: 0x100, output: 0x2000, to: 1 };
  expect(through(0x100, counted, next)).toBe(0x2000);
  expect(through(0xff, counted, next)).toBe(0x10ff);
  expect(through(0x200, counted, next)).toBe(0x2100);
});

test('keeps the last id of a range when another range covers it without starting there', () => {
  const first = { input: 0, count: 0x100, output: 0x1000, to: 1 };
  const around = { input: 0x80, count: 0x200, output: 0x2000, to: 1 };
  expect(through(0x100, first, around)).toBe(0x1100);
});

test('keeps the first of two ranges for ids that are not its last', () => {
  const first = { input: 0, count: 0x100, output: 0x1000, to: 1 };
  expect(through(0x80, first, { ...first, output: 0x2000 })).toBe(0x1080);
});

test('does not take the one id of a range for its last', () => {
  const one = { input: 5, count: 0, output: 0x1000, to: 1 };
  expect(through(5, one, { ...one, output: 0x2000 })).toBe(0x1000);
});

test('takes a single mapping of a root complex for any id', () => {
  expect(through(0x1234, { output: 7, to: 1, single: true })).toBe(7);
});

test('takes a single mapping of a named component for any id', () => {
  const table = parseIort(iort(namedComponent('X', { output: 7, to: 1, single: true }), smmuV3()));
  expect(mapId(table, table.nodes[0] as IortNode, 0x1234, isSmmu)?.id).toBe(7);
});

test('looks no further than a single mapping', () => {
  expect(through(5, { output: 7, to: 1, single: true }, { input: 5, output: 0x1000, to: 1 })).toBe(7);
});

test('takes only the last id of a range away from it', () => {
  const first = { input: 0, count: 0x100, output: 0x1000, to: 1 };
  const inside = { input: 0x80, count: 0x100, output: 0x2000, to: 1 };
  expect(through(0x80, first, inside)).toBe(0x1080);
});

test('wraps at 32 bits', () => {
  expect(through(1, { input: 0, count: 0xffffffff, output: 0xffffffff, to: 1 })).toBe(0);
});

test('goes from node to node', () => {
  const table = parseIort(
    iort(
      rootComplex(0, { output: 0x10000, to: 1 }),
      otherNode(99, { input: 0x10000, output: 0x20000, to: 2 }),
      smmuV2(),
    ),
  );
  expect(mapId(table, table.nodes[0] as IortNode, 8, isSmmu)?.id).toBe(0x20008);
});

test('leads nowhere through a single mapping of a kind that may have none', () => {
  const table = parseIort(iort(otherNode(99, { to: 1, single: true }), smmuV3()));
  expect(mapId(table, table.nodes[0] as IortNode, 0, isSmmu)).toBeUndefined();
});

test('takes a single mapping of a wire bridge', () => {
  const table = parseIort(iort(otherNode(7, { output: 3, to: 1, single: true }), smmuV3()));
  expect(mapId(table, table.nodes[0] as IortNode, 0, isSmmu)?.id).toBe(3);
});

test('ends where mappings lead in a circle', () => {
  const table = parseIort(iort(otherNode(99, { to: 1 }), otherNode(99, { to: 0 })));
  expect(mapId(table, table.nodes[0] as IortNode, 0, isSmmu)).toBeUndefined();
});

test('skips the mapping of an SMMUv3 for its own interrupts', () => {
  const isIts = (node: IortNode): node is Extract<IortNode, { kind: 'its-group' }> => node.kind === 'its-group';
  // Of all ids, so that nothing but its place keeps it out.
  const own = { output: 0xff00, to: 1 };
  const table = parseIort(
    iort(smmuV3({ wires: [0, 0, 0, 0], mappings: [own, { output: 0x100, to: 2 }] }), itsGroup(0), itsGroup(1)),
  );
  expect(mapId(table, table.nodes[0] as IortNode, 4, isIts)?.node.identifiers).toEqual([1]);
});

test('gives a named component the ids of its single mappings, up to the first that leads nowhere', () => {
  const table = parseIort(
    iort(
      smmuV3(),
      namedComponent('X', { output: 1, to: 0, single: true }, { output: 2, to: 0, single: true }, { output: 3, to: 0 }),
    ),
  );
  expect(mapSingles(table, table.nodes[1] as IortNode, isSmmu).map(({ id }) => id)).toEqual([1, 2]);
});

/** Ranges side by side, as right tables have them. */
const ranges = fc.array(fc.record({ gap: fc.nat(64), ids: fc.integer({ min: 1, max: 512 }) }), { maxLength: 8 });

test('maps an id by the one range that has it, whatever the ranges', () => {
  fc.assert(
    fc.property(ranges, fc.nat(6000), (sizes, id) => {
      let next = 0;
      const mappings = sizes.map(({ gap, ids }, at) => {
        const input = next + gap + 1;
        next = input + ids;
        return { input, count: ids - 1, output: 0x100000 * (at + 1), to: 1 };
      });
      const own = mappings.find(({ input, count }) => id >= input && id <= input + count);
      expect(through(id, ...mappings)).toBe(own && own.output + id - own.input);
    }),
    { seed: Number(process.env['IOMMU_TEST_SEED']), numRuns: runs(2000, 200) },
  );
});
