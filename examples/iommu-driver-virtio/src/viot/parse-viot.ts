import { isIommuError } from '@iommu/core';
import { openAcpiTable, type TableReader } from '@iommu/firmware';
import { type Viot, type ViotIommu, type ViotNode, ViotType } from './nodes.js';

const TABLE_HEADER = 48;
const NODE_HEADER = 4;
const NODE_COUNT = 36;
const NODE_OFFSET = 38;
const LEAST: Readonly<Record<number, number>> = {
  [ViotType.pciRange]: 24,
  [ViotType.mmioEndpoint]: 24,
  [ViotType.virtioIommuPci]: 16,
  [ViotType.virtioIommuMmio]: 16,
};

/**
 * Parse a VIOT.
 *
 * @param bytes - The table with its ACPI header; little-endian.
 * @throws IommuError `ERR_TABLE_TRUNCATED`, `ERR_TABLE_SIGNATURE`, `ERR_TABLE_FIELD` when the bytes are not a whole table
 * of that name. A node that contradicts itself ends the list and is told in `endedBy`.
 * @see ACPI Specification 6.5, section 5.2.33 (Virtual I/O Translation Table)
 * @see Linux v7.0 drivers/acpi/viot.c acpi_viot_init(), viot_parse_node()
 */
export const parseViot = (bytes: Uint8Array): Viot => {
  const { reader, checksumOk } = openAcpiTable(bytes, 'VIOT');
  reader.require(0, TABLE_HEADER, 'the VIOT header');
  const count = reader.u16(NODE_COUNT);
  const first = reader.u16(NODE_OFFSET);
  const nodes: ViotNode[] = [];
  let endedBy: string | undefined;
  for (let offset = first; nodes.length < count && endedBy === undefined; ) {
    const node = tryReadNode(reader, offset, first);
    if (typeof node === 'string') endedBy = node;
    else {
      nodes.push(node);
      offset += node.length;
    }
  }
  return {
    checksumOk,
    nodes,
    endedBy,
    iommuAt: (offset) => {
      const node = tryReadNode(reader, offset, first);
      return typeof node === 'string' || !isIommu(node) ? undefined : node;
    },
  };
};

const isIommu = (node: ViotNode): node is ViotIommu =>
  node.kind === 'virtio-iommu-pci' || node.kind === 'virtio-iommu-mmio';

/** @returns What is wrong with the node, instead of throwing it. */
const tryReadNode = (table: TableReader, offset: number, first: number): ViotNode | string => {
  try {
    return readNode(table, offset, first);
  } catch (error) {
    if (!isIommuError(error)) throw error;
    return error.message;
  }
};

/** Unlike Linux, which looks at its first bytes only, a node must end within the table. */
const readNode = (table: TableReader, offset: number, first: number): ViotNode => {
  const least = Math.max(TABLE_HEADER, first);
  if (offset < least) throw table.error(offset, `node before the first, expected it at ${least} or behind`);
  table.require(offset, NODE_HEADER, 'the header of a node');
  const type = table.u8(offset);
  const length = table.u16(offset + 2);
  const needed = LEAST[type] ?? NODE_HEADER;
  if (length < needed) {
    throw table.error(offset, `node of type ${type} of ${length} bytes, expected at least ${needed}`);
  }
  return readKind(table.slice(offset, length, `node of type ${type}`), type);
};

const readKind = (node: TableReader, type: number): ViotNode => {
  const common = { offset: node.base, length: node.length };
  switch (type) {
    case ViotType.pciRange:
      return {
        ...common,
        kind: 'pci-range',
        firstEndpoint: node.u32(4),
        firstSegment: node.u16(8),
        lastSegment: node.u16(10),
        firstRid: node.u16(12),
        lastRid: node.u16(14),
        outputNode: node.u16(16),
      };
    case ViotType.mmioEndpoint:
      return {
        ...common,
        kind: 'mmio-endpoint',
        endpoint: node.u32(4),
        baseAddress: node.u64(8),
        outputNode: node.u16(16),
      };
    case ViotType.virtioIommuPci:
      return { ...common, kind: 'virtio-iommu-pci', segment: node.u16(4), rid: node.u16(6) };
    case ViotType.virtioIommuMmio:
      return { ...common, kind: 'virtio-iommu-mmio', baseAddress: node.u64(8) };
    default:
      return { ...common, kind: 'other', type };
  }
};
