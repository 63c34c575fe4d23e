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
export { writeFolder } from './sinks/folder.js';
export { ghwSnapshot } from './sinks/ghw-snapshot.js';
export { lineChunks } from './sinks/line-chunks.js';
export { rootFiles } from './sinks/root-files.js';
export { gzipped, tarChunks, writeTar } from './sinks/tar.js';
export { umockdevLines, writeUmockdev } from './sinks/umockdev.js';
export type { Written } from './sinks/written.js';
export * from './tree.js';
