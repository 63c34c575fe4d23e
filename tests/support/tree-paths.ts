import type { FileTree } from '@iommu/host';

/** Every path below a directory of a recorded tree, parents before children; links are not followed. */
export function* pathsBelow(tree: FileTree, directory: string): Generator<string> {
  for (const name of tree.list(directory)) {
    const path = `${directory}/${name}`;
    yield path;
    if (tree.link(path) === undefined) yield* pathsBelow(tree, path);
  }
}

/** A directory in which nothing was recorded at all, however deep. */
export const holdsNothing = (tree: FileTree, path: string): boolean =>
  tree.link(path) === undefined &&
  tree.read(path) === undefined &&
  tree.list(path).every((name) => holdsNothing(tree, `${path}/${name}`));
