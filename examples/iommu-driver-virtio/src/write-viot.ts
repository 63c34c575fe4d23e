import { ACPI_HEADER_LENGTH, sealAcpiTable } from '@iommu/firmware';
import { parsePciAddress } from '@iommu/pci';
import { ViotType } from './viot/nodes.js';

/** PCI functions from one address to another, both inclusive, behind one IOMMU. */
export interface PciRangeSketch {
  /** `0000:00:00.0` */
  readonly first: string;
  readonly last: string;
  /** Which of the IOMMUs, counted from 0; default the first. */
  readonly iommu?: number;
  /** The id of the first function; default its requester id. */
  readonly firstEndpoint?: number;
}

/** A device with registers in memory. */
export interface MmioEndpointSketch {
  /** Of its registers, host physical, in bytes. */
  readonly baseAddress: bigint;
  readonly endpoint: number;
  readonly iommu?: number;
}

export interface ViotSketch {
  /** Each a PCI function (`0000:00:01.0`), or the address of its registers. */
  readonly iommus: readonly (string | bigint)[];
  readonly ranges?: readonly PciRangeSketch[];
  readonly endpoints?: readonly MmioEndpointSketch[];
}

const TABLE_HEADER = 48;
const IOMMU_LENGTH = 16;
const ENDPOINT_LENGTH = 24;

/**
 * Write a VIOT, for machines made by hand: the IOMMUs, then the ranges, then the other endpoints.
 *
 * @returns The table with header and checksum.
 * @throws IommuError `ERR_PCI_ADDRESS`
 */
export const writeViot = ({ iommus, ranges = [], endpoints = [] }: ViotSketch): Uint8Array => {
  const nodes = iommus.length + ranges.length + endpoints.length;
  const bytes = new Uint8Array(TABLE_HEADER + iommus.length * IOMMU_LENGTH + (nodes - iommus.length) * ENDPOINT_LENGTH);
  const view = new DataView(bytes.buffer);
  bytes.set([...'VIOT'].map((letter) => letter.charCodeAt(0)));
  view.setUint16(ACPI_HEADER_LENGTH, nodes, true);
  view.setUint16(ACPI_HEADER_LENGTH + 2, TABLE_HEADER, true);
  let next = TABLE_HEADER;
  const node = (type: number, length: number): number => {
    const start = next;
    view.setUint8(start, type);
    view.setUint16(start + 2, length, true);
    next += length;
    return start;
  };
  const outputNode = (iommu = 0): number => TABLE_HEADER + iommu * IOMMU_LENGTH;
  for (const iommu of iommus) {
    if (typeof iommu === 'bigint') {
      view.setBigUint64(node(ViotType.virtioIommuMmio, IOMMU_LENGTH) + 8, iommu, true);
      continue;
    }
    const { segment, rid } = parsePciAddress(iommu);
    const start = node(ViotType.virtioIommuPci, IOMMU_LENGTH);
    view.setUint16(start + 4, segment, true);
    view.setUint16(start + 6, rid, true);
  }
  for (const { first, last, iommu, firstEndpoint } of ranges) {
    const [from, to] = [parsePciAddress(first), parsePciAddress(last)];
    const start = node(ViotType.pciRange, ENDPOINT_LENGTH);
    view.setUint32(start + 4, firstEndpoint ?? from.rid, true);
    for (const [at, value] of [from.segment, to.segment, from.rid, to.rid, outputNode(iommu)].entries()) {
      view.setUint16(start + 8 + 2 * at, value, true);
    }
  }
  for (const { baseAddress, endpoint, iommu } of endpoints) {
    const start = node(ViotType.mmioEndpoint, ENDPOINT_LENGTH);
    view.setUint32(start + 4, endpoint, true);
    view.setBigUint64(start + 8, baseAddress, true);
    view.setUint16(start + 16, outputNode(iommu), true);
  }
  return sealAcpiTable(bytes);
};
