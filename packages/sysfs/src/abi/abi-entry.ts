/** How far programs may rely on an interface: the folder that its document is in. */
export type AbiLevel = 'stable' | 'testing' | 'obsolete' | 'removed';

/** What one entry of a document says; texts without their indentation, and without the newline at their end. */
export interface AbiEntry {
  /**
   * The paths that it documents, as written: `/sys/kernel/iommu_groups/<group>/type`. One that ends with a slash is a
   * directory.
   */
  readonly what: readonly string[];
  /** When the interface came, as written: `November 2020`. */
  readonly date?: string;
  /** The first release with it: `5.11`. */
  readonly kernelVersion?: string;
  /**
   * Who answers for the interface, in one line, as written. Absent: the entry does not say, of which `checkAbi()`
   * complains.
   */
  readonly contact?: string;
  /** What reading and writing do, in lines; empty: the entry has none, of which `parseAbi()` complains. */
  readonly description: string;
  /** Programs that rely on it, in lines, as written. */
  readonly users?: string;
  /** The first folder of `file`; `testing` for a file that is in none of the four. */
  readonly level: AbiLevel;
  /** Its document, below `Documentation/ABI`: `testing/sysfs-kernel-iommu_groups`. */
  readonly file: string;
  /** Of its first `What:` in the document, counted from 1. */
  readonly line: number;
  /** The entry as it stands in the document. */
  readonly text: string;
}

/** Something in a document that is not as it should be. */
export interface AbiProblem {
  /** Its document, below `Documentation/ABI`: `testing/sysfs-kernel-iommu_groups`. */
  readonly file: string;
  /**
   * In the document, counted from 1; of what concerns a whole entry that of its first `What:`, of a whole document 1.
   */
  readonly line: number;
  /** What is wrong, without its place: `'Where:' is no tag`. */
  readonly message: string;
}
