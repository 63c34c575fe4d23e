/*
 * The Virtual I/O Translation Table, in the words of the ACPI Specification 6.5, section 5.2.33.
 * What Linux does with odd values: Linux v7.0 drivers/acpi/viot.c.
 */

/** Numbers of the kinds of node. */
export const ViotType = {
  pciRange: 1,
  mmioEndpoint: 2,
  virtioIommuPci: 3,
  virtioIommuMmio: 4,
} as const;

interface Common {
  /** In bytes from the table's start: what `outputNode` refers to. */
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
}

/** PCI functions, by segment and requester id, that one IOMMU translates. All ends inclusive. */
export interface PciRange extends Common {
  readonly kind: 'pci-range';
  /** Of the first function of the first segment. */
  readonly firstEndpoint: number;
  readonly firstSegment: number;
  readonly lastSegment: number;
  readonly firstRid: number;
  readonly lastRid: number;
  /** The IOMMU's node, in bytes from the table's start. */
  readonly outputNode: number;
}

/** A device with registers in memory. */
export interface MmioEndpoint extends Common {
  readonly kind: 'mmio-endpoint';
  readonly endpoint: number;
  /** Of its registers, host physical, in bytes. */
  readonly baseAddress: bigint;
  readonly outputNode: number;
}

/** An IOMMU that is a PCI function. */
export interface VirtioIommuPci extends Common {
  readonly kind: 'virtio-iommu-pci';
  readonly segment: number;
  readonly rid: number;
}

/** An IOMMU with registers in memory. */
export interface VirtioIommuMmio extends Common {
  readonly kind: 'virtio-iommu-mmio';
  readonly baseAddress: bigint;
}

/** A kind that this version of the table does not know. */
export interface OtherNode extends Common {
  readonly kind: 'other';
  readonly type: number;
}

export type ViotEndpoint = PciRange | MmioEndpoint;
export type ViotIommu = VirtioIommuPci | VirtioIommuMmio;
export type ViotNode = ViotEndpoint | ViotIommu | OtherNode;

/** All of a VIOT. */
export interface Viot {
  readonly checksumOk: boolean;
  /** In table order, up to the first that cannot be read. */
  readonly nodes: readonly ViotNode[];
  /** What is wrong with the node at which reading ended early; Linux goes on with those before it. */
  readonly endedBy: string | undefined;
  /** The IOMMU whose node starts at an offset, be it one of `nodes` or not; `undefined`: none can be read there. */
  readonly iommuAt: (offset: number) => ViotIommu | undefined;
}
