/**
 * The `/sys` of a modelled machine: as data, as text, folder or tar, mounted live, and documented path by path. Shows what
 * was decided, and decides nothing.
 *
 * @packageDocumentation
 */

export type { AbiEntry, AbiLevel, AbiProblem } from './abi/abi-entry.js';
export { checkAbi } from './abi/check-abi.js';
export { type AbiDocument, abiFolder, readDocuments } from './abi/documents.js';
export { type AbiMatch, abiEntries, abiOf, matchAbi } from './abi/lookup.js';
export { nearestAbi } from './abi/nearest.js';
export { type ParsedAbi, parseAbi } from './abi/parse-abi.js';
export { sysfsPathsOf } from './abi/sysfs-path.js';
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
export { writeFolder } from './sinks/folder.js';
export { ghwSnapshot } from './sinks/ghw-snapshot.js';
export { toGoLiteral } from './sinks/go-literal.js';
export { lineChunks } from './sinks/line-chunks.js';
export { type ListLinesOptions, listLines } from './sinks/list-lines.js';
export { pciFixture } from './sinks/pci-fixture.js';
export { type RootEntry, type RootFile, rootEntries } from './sinks/root-entries.js';
export { rootFiles } from './sinks/root-files.js';
export { gzipped, tarChunks, writeTar } from './sinks/tar.js';
export { type TreeLinesOptions, treeLines } from './sinks/tree-lines.js';
export { umockdevLines, writeUmockdev } from './sinks/umockdev.js';
export type { Written } from './sinks/written.js';
export { sysfsOf } from './tree/sysfs-of.js';
