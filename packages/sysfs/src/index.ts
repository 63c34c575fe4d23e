/**
 * The `/sys` of a modelled machine: as data, as text, folder or tar, mounted live, and documented path by path. Shows what
 * was decided, and decides nothing.
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
export { sysfsOf } from './tree/sysfs-of.js';
