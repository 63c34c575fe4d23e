/**
 * Readers that turn dumps and live systems into a `Machine`, and what each holds of the kernel's own groups; capture of a
 * machine, and redaction of dumps. The only package that reads the outside world; it never writes to it.
 *
 * @packageDocumentation
 */

export { parseAcpidump } from './acpidump.js';
export { isTar } from './archive-kind.js';
export { type Capture, type CaptureOptions, captureMachine } from './capture/capture.js';
export type { Missing } from './capture/missing.js';
export { captureScript } from './capture/script.js';
export { type DmesgFacts, parseDmesg } from './dmesg.js';
export { dumpsIn } from './dumps.js';
export { type FileTree, MemoryTree } from './file-tree.js';
export { FolderTree } from './folder-tree.js';
export { parseLspci } from './lspci/lspci.js';
export { mergeMachines } from './merge.js';
export { PciIds, pciIds } from './pci-ids.js';
export { type ReadOptions, readMachine, readMachineBytes } from './read-machine.js';
export { type Redacted, redactBytes, redactPath } from './redact/input.js';
export { readSnapshot, type SnapshotOptions } from './snapshot.js';
export { type ArchiveLimits, readTar, UNPACKED_LIMIT } from './tar.js';
export { entriesToTar, type TreeEntry } from './tree-entries.js';
export { readUmockdev } from './umockdev.js';
export { machineToTar } from './write-tar.js';
