import type { RunningMachine } from '@iommu/machine';
import type { Describe } from './device-record.js';
import { outlined } from './drawing/outlined.js';
import { nodesOf, type PictureNode, pictureOf } from './drawing/picture.js';
import { printable } from './printable.js';

/** A backslash starts an escape, in labels also one of Graphviz's own. */
const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"');

const quoted = (text: string): string => `"${escaped(printable(text))}"`;

/** Lines, each at the left. Labels know the entities of HTML. */
const label = (lines: readonly (string | undefined)[]): string =>
  `"${lines
    .filter((line) => line !== undefined)
    .map((line) => `${escaped(printable(line).replaceAll('&', '&amp;'))}\\l`)
    .join('')}"`;

/**
 * A machine as a graph for Graphviz: buses, bridges and devices from left to right, a box around each group of several
 * devices. Every device has its group's number in its label, every bridge the state of ACS.
 *
 * @param describe - What to call a device; default: nothing.
 * @see Graphviz, The DOT Language
 */
export const toDot = (running: RunningMachine, describe?: Describe): string => {
  const picture = pictureOf(running, describe);
  const outlineOf = outlined(picture);
  const all = picture.roots.flatMap(({ behind }) => [...nodesOf(behind)]);
  const nodeLine = (node: PictureNode): string => {
    const { colour, fill, style, width } = outlineOf(node);
    const text = label([`${node.name}  ${node.groupText}`, node.about, node.state]);
    return `${quoted(node.name)} [label=${text}, color="${colour}", fillcolor="${fill}", style="filled,${style}", penwidth=${width}]`;
  };
  const clusters = picture.groups.flatMap(({ name, isShared }, place) => {
    if (!isShared) return [];
    const members = all.filter(({ group }) => group === place);
    const [first] = members;
    const { colour, style } = outlineOf(first as PictureNode);
    return [
      `  subgraph "cluster_${place}" {`,
      `    label=${label([name])}; labeljust=l; color="${colour}"; fontcolor="${colour}"; style="${style}"; penwidth=2`,
      ...members.map((node) => `    ${nodeLine(node)}`),
      '  }',
    ];
  });
  const alone = all.filter(({ group }) => group === undefined || !picture.groups[group]?.isShared);
  const edges = (from: string, behind: readonly PictureNode[]): string[] =>
    behind.flatMap((node) => [`  ${quoted(from)} -> ${quoted(node.name)}`, ...edges(node.name, node.behind)]);
  return [
    'digraph iommu_groups {',
    `  graph [rankdir=LR, ranksep=0.6, nodesep=0.12, fontname="sans-serif", labelloc=t, labeljust=l, label=${label([picture.title, picture.summary])}]`,
    '  node [shape=box, fontname="sans-serif", fontsize=10, margin="0.08,0.04"]',
    '  edge [arrowhead=none, color="#777777"]',
    ...picture.roots.map(({ name }) => `  ${quoted(name)} [shape=plain, label=${quoted(name)}]`),
    ...clusters,
    ...alone.map((node) => `  ${nodeLine(node)}`),
    ...picture.roots.flatMap(({ name, behind }) => edges(name, behind)),
    '}',
    '',
  ].join('\n');
};
