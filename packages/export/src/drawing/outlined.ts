import { type Outline, outlineOf, PLAIN_OUTLINE } from './outlines.js';
import type { Picture, PictureNode } from './picture.js';

/** The outline of each node: that of its group, if it shares one. */
export const outlined = ({ groups }: Picture): ((node: PictureNode) => Outline) => {
  const shared = [...groups.keys()].filter((place) => groups[place]?.isShared);
  const outlines = new Map(shared.map((group, at) => [group, outlineOf(at)]));
  return ({ group }) => (group === undefined ? undefined : outlines.get(group)) ?? PLAIN_OUTLINE;
};
