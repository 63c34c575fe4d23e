import { FuseServer } from '../../../src/fuse/server.js';
import type { Caller } from '../../../src/node.js';
import { ROOT } from '../../../src/node.js';
import { type Sketch, SketchTree } from '../../support/sketch-tree.js';
import { FakeKernel } from './fake-kernel.js';

/** A server of a drawing, and a kernel that has greeted it. */
export const serveSketch = (
  sketch: Sketch,
  options: {
    callerOf?: (uid: number, pid: number) => Caller;
    onError?: (error: unknown) => void;
    now?: () => number;
  } = {},
) => {
  const tree = new SketchTree(sketch);
  const server = new FuseServer(tree.root, { callerOf: () => ROOT, ...options });
  const kernel = new FakeKernel(server);
  kernel.init();
  return { tree, server, kernel };
};
