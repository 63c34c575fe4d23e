import type { RunningMachine } from '@iommu/machine';
import type { Describe } from './device-record.js';
import { type Box, type Drawn, type Edge, layOut, type Measures } from './drawing/layout.js';
import { outlined } from './drawing/outlined.js';
import { type Outline, PLAIN_OUTLINE } from './drawing/outlines.js';
import { type PictureNode, pictureOf } from './drawing/picture.js';
import { xmlText } from './xml.js';

const FONT_SIZE = 11;

const MEASURES: Measures = { lineHeight: 14, characterWidth: 6.8, padding: 6, gap: 8, step: 36 };

/** Around the drawing. */
const MARGIN = 20;
/** Of the heading: its title, the summary, what outlines mean. */
const HEADING_LINES = 3;
/** In characters; what is cut off stands in the box's title. */
const LONGEST = 64;

const OUTLINES_MEAN =
  'A thick outline, solid, dashed or dotted: a group of several devices. Lines lead from buses and bridges to what is behind them.';

const isDevice = (drawn: Drawn): drawn is PictureNode => 'groupText' in drawn;

const fullLines = (drawn: Drawn): string[] =>
  isDevice(drawn)
    ? [`${drawn.name}  ${drawn.groupText}`, drawn.about, drawn.state].filter((line) => line !== undefined)
    : [drawn.name];

const shortened = (line: string): string => {
  const characters = [...line];
  return characters.length > LONGEST
    ? `${characters
        .slice(0, LONGEST - 1)
        .join('')
        .trimEnd()}…`
    : line;
};

/** One decimal place is finer than anybody sees. */
const px = (value: number): string => `${Math.round(value * 10) / 10}`;

const textLine = (line: string, x: number, y: number, attributes = ''): string => {
  // Of such characters nobody knows the width in the reader's font.
  const fixed = /[^\x20-\x7e…]/.test(line)
    ? ` textLength="${px([...line].length * MEASURES.characterWidth)}" lengthAdjust="spacingAndGlyphs"`
    : '';
  return `<text x="${px(x)}" y="${px(y)}"${attributes}${fixed}>${xmlText(line)}</text>`;
};

const boxElement = ({ x, y, width, height, drawn, lines }: Box, outline: Outline): string => {
  const { colour, fill, dashes, width: stroke } = outline;
  const { padding, lineHeight } = MEASURES;
  const dashed = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`;
  const shape = `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="3" fill="${fill}" stroke="${colour}" stroke-width="${stroke}"${dashed}/>`;
  const texts = lines.map((line, at) =>
    textLine(line, x + padding, y + padding + (at + 0.8) * lineHeight, at === 0 ? ' font-weight="bold"' : ''),
  );
  const title = `<title>${xmlText(fullLines(drawn).join('; '))}</title>`;
  const role = isDevice(drawn) ? ' class="device" role="graphics-symbol"' : ' class="bus" role="graphics-symbol"';
  return `<g${role}>${title}${shape}${texts.join('')}</g>`;
};

const edgePath = ({ from, to }: Edge): string => {
  const middle = to.x - MEASURES.step / 2;
  const [start, end] = [from.y + from.height / 2, to.y + to.height / 2];
  return `M${px(from.x + from.width)} ${px(start)}H${px(middle)}V${px(end)}H${px(to.x)}`;
};

/**
 * A machine as an SVG drawing: buses, bridges and devices from left to right, in columns that make a page. Every device has
 * its group's number in its box and groups of several devices an outline of their own, every bridge the state of ACS;
 * what is drawn is told in words as well. Holds no script and refers to nothing.
 *
 * @param describe - What to call a device; default: nothing.
 * @see Scalable Vector Graphics (SVG) 1.1, second edition; WAI-ARIA Graphics Module 1.0
 */
export const toSvg = (running: RunningMachine, describe?: Describe): string => {
  const picture = pictureOf(running, describe);
  const outlineOf = outlined(picture);
  const { boxes, edges, width, height } = layOut(picture.roots, (drawn) => fullLines(drawn).map(shortened), MEASURES);
  const { characterWidth, lineHeight } = MEASURES;
  const heading = [picture.title, picture.summary, OUTLINES_MEAN];
  const widest = Math.max(width, ...heading.map((line) => [...line].length * characterWidth));
  const top = (HEADING_LINES + 1) * lineHeight;
  const size = { width: widest + 2 * MARGIN, height: height + top + 2 * MARGIN };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${px(size.width)}" height="${px(size.height)}" viewBox="0 0 ${px(size.width)} ${px(size.height)}" role="graphics-document" aria-labelledby="title desc" font-family="'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="${FONT_SIZE}">`,
    `<title id="title">${xmlText(picture.title)}</title>`,
    `<desc id="desc">${xmlText(`${picture.summary} ${OUTLINES_MEAN}`)}</desc>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<g transform="translate(${MARGIN} ${MARGIN})">`,
    ...heading.map((line, at) => textLine(line, 0, (at + 0.8) * lineHeight, at === 0 ? ' font-weight="bold"' : '')),
    `<g transform="translate(0 ${top})">`,
    `<path d="${edges.map(edgePath).join('')}" fill="none" stroke="#777777"/>`,
    ...boxes.map((box) => boxElement(box, isDevice(box.drawn) ? outlineOf(box.drawn) : PLAIN_OUTLINE)),
    '</g>',
    '</g>',
    '</svg>',
    '',
  ].join('\n');
};
