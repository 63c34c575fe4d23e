import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Block, layOut, type Measures } from '../src/drawing/layout.js';
import type { PictureNode, PictureRoot } from '../src/drawing/picture.js';

const MEASURES: Measures = { lineHeight: 14, characterWidth: 7, padding: 6, gap: 8, step: 30 };

const LINES: readonly (readonly string[])[] = [['a'], ['two', 'lines'], ['x'.repeat(60), 'b', 'c']];

const leaf = (name: string, behind: readonly PictureNode[] = []): PictureNode => ({
  name,
  groupText: 'group 0',
  group: undefined,
  about: undefined,
  state: undefined,
  behind,
});

const DEEPEST = 5;

/** A device with what is behind it, less of it the deeper it is. */
const node: fc.Memo<PictureNode> = fc.memo((depth) => {
  const behind = depth <= 1 ? fc.constant<PictureNode[]>([]) : fc.array(node(depth - 1), { maxLength: depth });
  return fc.tuple(fc.string(), behind).map(([name, own]) => leaf(name, own));
});

const roots = fc.array(fc.record({ name: fc.string(), behind: fc.array(node(DEEPEST), { maxLength: 12 }) }), {
  maxLength: 4,
});

const overlapping = ({ boxes }: Block): number =>
  boxes.filter((one, at) =>
    boxes
      .slice(at + 1)
      .some(
        (other) =>
          one.x < other.x + other.width &&
          other.x < one.x + one.width &&
          one.y < other.y + other.height &&
          other.y < one.y + one.height,
      ),
  ).length;

const countOf = (behind: readonly PictureNode[]): number =>
  behind.reduce((sum, one) => sum + 1 + countOf(one.behind), 0);

test('no box lies over another, all lie in the drawing, and each device has one', () => {
  fc.assert(
    fc.property(roots, fc.nat(2), (forest, salt) => {
      const block = layOut(forest, ({ behind }) => LINES[(behind.length + salt) % LINES.length] ?? [], MEASURES);
      expect(overlapping(block)).toBe(0);
      const outside = block.boxes.filter(
        ({ x, y, width, height }) => x < 0 || y < 0 || x + width > block.width || y + height > block.height,
      );
      expect(outside).toEqual([]);
      const devices = forest.reduce((sum, { behind }) => sum + countOf(behind), 0);
      expect(block.boxes.filter(({ drawn }) => 'groupText' in drawn)).toHaveLength(devices);
      expect(block.edges).toHaveLength(devices);
    }),
    { numRuns: 50 },
  );
});

test('a bus that is higher than a page is parted, and stands above each part', () => {
  const bus: PictureRoot = { name: 'bus', behind: Array.from({ length: 200 }, (_, at) => leaf(`${at}`)) };
  const { boxes, edges, width, height } = layOut([bus], ({ name }) => [name.padEnd(40)], MEASURES);
  expect(boxes.filter(({ drawn }) => drawn.name === 'bus').length).toBeGreaterThan(1);
  expect(edges).toHaveLength(200);
  expect(width / height).toBeGreaterThan(0.5);
  expect(width / height).toBeLessThan(3);
});

test('nothing is laid out of nothing', () => {
  expect(layOut([], () => ['a'], MEASURES)).toEqual({ boxes: [], edges: [], width: 0, height: 0 });
  expect(layOut([{ name: 'bus', behind: [] }], () => ['bus'], MEASURES).boxes).toHaveLength(1);
});
