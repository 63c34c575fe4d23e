import { hierarchy, tree } from 'd3-hierarchy';
import type { PictureNode, PictureRoot } from './picture.js';

/** What a box stands for: a device, or a bus at the top. */
export type Drawn = PictureNode | PictureRoot;

/** A box of a drawing, in pixels; `x` and `y` are its top left corner's. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly drawn: Drawn;
  readonly lines: readonly string[];
}

/** From the right side of one box to the left side of another. */
export interface Edge {
  readonly from: Box;
  readonly to: Box;
}

/** Boxes with their edges, in a rectangle of their own. */
export interface Block {
  readonly boxes: readonly Box[];
  readonly edges: readonly Edge[];
  readonly width: number;
  readonly height: number;
}

/** How text is set, and how far things are apart, in pixels. */
export interface Measures {
  readonly lineHeight: number;
  /** Of the font, in which every character is as wide. */
  readonly characterWidth: number;
  readonly padding: number;
  /** Between boxes, one above the other. */
  readonly gap: number;
  /** Between a box and what is behind it. */
  readonly step: number;
}

/** The largest of any number of values; 0 of none. */
const largest = (values: readonly number[]): number => values.reduce((most, value) => Math.max(most, value), 0);

/** The texts of a box. */
export type LinesOf = (drawn: Drawn) => readonly string[];

interface Sized {
  readonly drawn: Drawn;
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
  readonly behind: readonly Sized[];
}

const sized = (drawn: Drawn, linesOf: LinesOf, measures: Measures): Sized => {
  const { characterWidth, lineHeight, padding } = measures;
  const lines = linesOf(drawn);
  return {
    drawn,
    lines,
    width: largest(lines.map((line) => [...line].length)) * characterWidth + 2 * padding,
    height: lines.length * lineHeight + 2 * padding,
    behind: drawn.behind.map((node) => sized(node, linesOf, measures)),
  };
};

/** Where each column of boxes starts: as far as the widest box of the one before it reaches, and a step. */
const columnStarts = (widths: readonly (readonly [depth: number, width: number])[], step: number): number[] => {
  const widest: number[] = [];
  for (const [depth, width] of widths) widest[depth] = Math.max(widest[depth] ?? 0, width);
  let next = 0;
  return widest.map((width) => {
    const start = next;
    next += width + step;
    return start;
  });
};

/** One tree from left to right, every box beside the middle of what is behind it. */
const blockOf = (top: Sized, { gap, step }: Measures): Block => {
  // The tidy tree lays out from top to bottom, so its x is our y; what is of one depth shares a column of ours.
  const layOut = tree<Sized>()
    .nodeSize([1, 1])
    .separation((a, b) => (a.data.height + b.data.height) / 2 + gap);
  const nodes = layOut(hierarchy<Sized>(top, ({ behind }) => behind)).descendants();
  const starts = columnStarts(
    nodes.map(({ depth, data }) => [depth, data.width]),
    step,
  );
  const highest = nodes.reduce((least, { x, data }) => Math.min(least, x - data.height / 2), Number.POSITIVE_INFINITY);
  const boxes = new Map(
    nodes.map((node) => {
      const { drawn, lines, width, height } = node.data;
      const y = node.x - height / 2 - highest;
      return [node, { x: starts[node.depth] ?? 0, y, width, height, drawn, lines }] as const;
    }),
  );
  const edges = nodes.flatMap((node) => {
    const [from, to] = [node.parent && boxes.get(node.parent), boxes.get(node)];
    return from && to ? [{ from, to }] : [];
  });
  const all = [...boxes.values()];
  return {
    boxes: all,
    edges,
    width: largest(all.map(({ x, width }) => x + width)),
    height: largest(all.map(({ y, height }) => y + height)),
  };
};

/** How high a tree is, or nearly: as all that has nothing behind it. */
const heightOf = ({ height, behind }: Sized, gap: number): number =>
  Math.max(
    height,
    behind.reduce((sum, node) => sum + heightOf(node, gap) + gap, -gap),
  );

/** A tree as several that are not higher than that, as far as parting it below its top does it. */
const parted = (top: Sized, highest: number, gap: number): Sized[] => {
  const parts: Sized[][] = [];
  let room = 0;
  for (const node of top.behind) {
    const height = heightOf(node, gap) + gap;
    if (parts.length === 0 || height > room) {
      parts.push([]);
      room = highest;
    }
    parts.at(-1)?.push(node);
    room -= height;
  }
  return parts.length === 0 ? [top] : parts.map((behind) => ({ ...top, behind }));
};

const moved = ({ boxes, edges, ...size }: Block, x: number, y: number): Block => {
  const now = new Map(boxes.map((box) => [box, { ...box, x: box.x + x, y: box.y + y }]));
  return {
    ...size,
    boxes: [...now.values()],
    edges: edges.map(({ from, to }) => ({ from: now.get(from) ?? from, to: now.get(to) ?? to })),
  };
};

/** As wide as high, nearly: pages are, and screens are no narrower. */
const ASPECT = 1.5;

/** So high that blocks, one below the other in columns of that height, make a page. */
const columnHeight = (blocks: readonly Block[]): number => {
  const total = blocks.reduce((sum, { height }) => sum + height, 0);
  const width = largest(blocks.map((block) => block.width));
  return Math.max(Math.sqrt((total * width) / ASPECT), largest(blocks.map(({ height }) => height)));
};

/**
 * Trees in columns, from top to bottom and left to right. A tree that is higher than a column is parted below its top, which
 * then stands above each part.
 */
export const layOut = (roots: readonly PictureRoot[], linesOf: LinesOf, measures: Measures): Block => {
  const { gap, step } = measures;
  const trees = roots.map((root) => sized(root, linesOf, measures));
  const whole = trees.map((one) => blockOf(one, measures));
  if (whole.length === 0) return { boxes: [], edges: [], width: 0, height: 0 };
  const total = whole.reduce((sum, { height }) => sum + height, 0);
  const widest = largest(whole.map(({ width }) => width));
  const parts = trees.flatMap((one) => parted(one, Math.sqrt((total * widest) / ASPECT), gap));
  const blocks = parts.map((one) => blockOf(one, measures));
  const highest = columnHeight(blocks);
  const placed: Block[] = [];
  let [x, y, columnWidth] = [0, 0, 0];
  for (const block of blocks) {
    if (y > 0 && y + block.height > highest) [x, y, columnWidth] = [x + columnWidth + 2 * step, 0, 0];
    placed.push(moved(block, x, y));
    y += block.height + 3 * gap;
    columnWidth = Math.max(columnWidth, block.width);
  }
  const boxes = placed.flatMap((block) => block.boxes);
  return {
    boxes,
    edges: placed.flatMap((block) => block.edges),
    width: x + columnWidth,
    height: largest(boxes.map((box) => box.y + box.height)),
  };
};
