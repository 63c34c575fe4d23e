import type { RunningMachine } from '@iommu/machine';
import type { Describe } from './device-record.js';
import { outlined } from './drawing/outlined.js';
import { nodesOf, type PictureNode, pictureOf } from './drawing/picture.js';
import { printable } from './printable.js';

/** What Mermaid draws unless the page raises its `maxEdges` and `maxTextSize`. @see Mermaid, Configuration */
export const MERMAID_LIMITS = { edges: 500, characters: 50_000 } as const;

/** Text in quotes: what Mermaid or HTML would take for something else is written as an entity. */
const escaped = (text: string): string =>
  printable(text).replace(/[^\w .,:()/+-]/gu, (character) => `#${character.codePointAt(0)};`);

const LONGEST = 60;

const shortened = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1).trimEnd()}…` : text);

const label = (lines: readonly (string | undefined)[]): string =>
  `"${lines
    .filter((line) => line !== undefined)
    .map((line) => escaped(shortened(line)))
    .join('<br>')}"`;

/**
 * A machine as a Mermaid flowchart: buses, bridges and devices from left to right, a box around each group of several
 * devices. Every device has its group's number in its label, every bridge the state of ACS.
 *
 * @param describe - What to call a device; default: nothing.
 * @see Mermaid, Flowcharts - Basic Syntax
 */
export const toMermaid = (running: RunningMachine, describe?: Describe): string => {
  const picture = pictureOf(running, describe);
  const outlineOf = outlined(picture);
  const all = picture.roots.flatMap(({ behind }) => [...nodesOf(behind)]);
  const ids = new Map(all.map((node, at) => [node, `d${at}`]));
  const nodeLine = (node: PictureNode): string =>
    `${ids.get(node)}[${label([`${node.name} ${node.groupText}`, node.about, node.state])}]`;
  const edges = (from: string, behind: readonly PictureNode[]): string[] =>
    behind.flatMap((node) => {
      const id = ids.get(node) ?? '';
      return [`  ${from} --- ${id}`, ...edges(id, node.behind)];
    });
  const shared = [...picture.groups.keys()].filter((place) => picture.groups[place]?.isShared);
  const clusters = shared.flatMap((place) => {
    const members = all.filter(({ group }) => group === place);
    const { colour, fill, dashes, width } = outlineOf(members[0] as PictureNode);
    const dashed = dashes === '' ? '' : `,stroke-dasharray:${dashes}`;
    return [
      `  subgraph g${place}[${label([picture.groups[place]?.name])}]`,
      ...members.map((node) => `    ${nodeLine(node)}`),
      '  end',
      `  style g${place} fill:${fill},stroke:${colour},stroke-width:${width}px${dashed}`,
    ];
  });
  const alone = all.filter(({ group }) => group === undefined || !picture.groups[group]?.isShared);
  return [
    'flowchart LR',
    `  accTitle: ${escaped(picture.title)}`,
    `  accDescr: ${escaped(picture.summary)}`,
    ...picture.roots.map(({ name }, at) => `  b${at}([${label([name])}])`),
    ...clusters,
    ...alone.map((node) => `  ${nodeLine(node)}`),
    ...picture.roots.flatMap(({ behind }, at) => edges(`b${at}`, behind)),
    '',
  ].join('\n');
};

/** What of a flowchart is more than Mermaid draws unasked; `undefined`: nothing. */
export const beyondMermaid = (flowchart: string): string | undefined => {
  const edges = flowchart.split('\n').filter((line) => line.includes(' --- ')).length;
  if (edges <= MERMAID_LIMITS.edges && flowchart.length <= MERMAID_LIMITS.characters) return undefined;
  return `${edges} edges and ${flowchart.length} characters: Mermaid draws ${MERMAID_LIMITS.edges} and ${MERMAID_LIMITS.characters} unless maxEdges and maxTextSize are raised where it is set up`;
};
