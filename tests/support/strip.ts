import type { FileTree } from '@iommu/host';

/*
 * A recording without anything that the kernel said of its groups, so that a result can only have been computed.
 */

/** Files and directories that are, or hold, the answer. */
const ANSWER =
  /^(?:expected\.json|steps\.(?:txt|json)|qmp\.json|log\.txt|sys\/kernel\/iommu_groups|sys\/class\/iommu)(?:\/|$)|\/iommu_group$|\/iommu\/[^/]+\/devices(?:\/|$)|\/domains_used$/;

/** Everything else that an IOMMU driver puts into sysfs. */
const DRIVER = /(?:^|\/)(?:virtual|platform\/[^/]+|pci[^/]*\/.*)\/iommu(?:\/|$)/;

const GROUP_LINE = /iommu group|IOMMU group/i;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const withoutGroupLines = (bytes: Uint8Array): Uint8Array =>
  encoder.encode(
    decoder
      .decode(bytes)
      .split('\n')
      .filter((line) => !GROUP_LINE.test(line))
      .join('\n'),
  );

/**
 * @param bare - Take out the kernel's log and the IOMMUs' own folders as well: what is left is hardware, firmware, the
 * release and the command line.
 */
export const strip = (tree: FileTree, bare = false): FileTree => {
  const hidden = (path: string): boolean => {
    if (bare && (DRIVER.test(path) || path === 'dmesg.txt')) return true;
    // Of the function that is an IOMMU it is a folder, and holds the unit's registers.
    if (path.endsWith('/iommu')) return tree.link(path) !== undefined;
    return ANSWER.test(path);
  };
  return {
    read: (path) => {
      const bytes = hidden(path) ? undefined : tree.read(path);
      return bytes && path === 'dmesg.txt' ? withoutGroupLines(bytes) : bytes;
    },
    link: (path) => (hidden(path) ? undefined : tree.link(path)),
    list: (path) =>
      hidden(path) ? [] : tree.list(path).filter((name) => !hidden(path === '' ? name : `${path}/${name}`)),
  };
};
