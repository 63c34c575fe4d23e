/**
 * Readers that turn dumps and live systems into a `Machine`, and what each holds of the kernel's own groups. The only
 * package that reads the outside world; it never writes to it.
 *
 * @packageDocumentation
 */

export { parseAcpidump } from './acpidump.js';
export { isTar } from './archive-kind.js';
export { type DmesgFacts, parseDmesg } from './dmesg.js';
export { dumpsIn } from './dumps.js';
export { type FileTree, MemoryTree } from './file-tree.js';
export { FolderTree } from './folder-tree.js';
export { parseLspci } from './lspci/lspci.js';
export { mergeMachines } from './merge.js';
export { PciIds, pciIds } from './pci-ids.js';
export { type ReadOptions, readMachine, readMachineBytes } from './read-machine.js';
export { readSnapshot } from './snapshot.js';
export { readTar, UNPACKED_LIMIT } from './tar.js';
export { readUmockdev } from './umockdev.js';
export { machineToTar } from './write-tar.js';
