/**
 * The `/sys` of a modelled machine as data and as text, without anything of Node: runs anywhere.
 *
 * @packageDocumentation
 */

export {
  type Caller,
  nodeAt,
  ROOT,
  type SysfsDirectory,
  type SysfsFile,
  type SysfsLink,
  type SysfsNode,
  type SysfsTree,
  type TreeChange,
  walk,
} from './node.js';
export { toGoLiteral } from './sinks/go-literal.js';
export { type ListLinesOptions, listLines } from './sinks/list-lines.js';
export { pciFixture } from './sinks/pci-fixture.js';
export { type RootEntry, type RootFile, rootEntries } from './sinks/root-entries.js';
export { type TreeLinesOptions, treeLines } from './sinks/tree-lines.js';
export { sysfsOf } from './tree/sysfs-of.js';
