import type { RootEntry } from './root-entries.js';
import { gzipped, tarChunks } from './tar.js';

/** ghw looks for block devices wherever it looks, and there are none. */
const BLOCK: RootEntry = { kind: 'directory', path: 'sys/block', mode: 0o755 };

/**
 * A snapshot for the Go library ghw (`GHW_SNAPSHOT_PATH`): a tar packed by gzip, chunk by chunk, whose `sys` holds what it
 * reads of PCI devices, with the link `iommu_group` of each and the groups that these lead to. The same entries give the same
 * bytes.
 *
 * @param entries - Of `pciFixture()`.
 * @see ghw, pkg/snapshot/clonetree_pci_linux.go ExpectedClonePCIContent(), unpack.go Untar()
 */
export const ghwSnapshot = (entries: readonly RootEntry[]): AsyncIterable<Uint8Array> => {
  const sys = entries.findIndex(({ path }) => path === 'sys');
  return gzipped(tarChunks([...entries.slice(0, sys + 1), BLOCK, ...entries.slice(sys + 1)]));
};
