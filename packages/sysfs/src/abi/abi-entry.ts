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
  readonly contact?: string;
  readonly description: string;
  readonly users?: string;
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
  readonly file: string;
  readonly line: number;
  readonly message: string;
}
