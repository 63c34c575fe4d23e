import { openAcpiTable, type TableReader } from '@iommu/firmware';
import { type IdMapping, type Iort, type IortNode, IortType, type RmrDescriptor } from './nodes.js';

const TABLE_HEADER = 48;
const NODE_HEADER = 16;
const MAPPING_LENGTH = 20;
const DESCRIPTOR_LENGTH = 20;
/** Of a named component, the name follows. */
const NAME = 29;
/** Bytes up to the end of what is read of each kind of node. */
const LEAST: Readonly<Record<number, number>> = {
  [IortType.itsGroup]: 20,
  [IortType.namedComponent]: NAME,
  [IortType.rootComplex]: 32,
  [IortType.smmuV2]: 36,
  [IortType.smmuV3]: 60,
  [IortType.pmcg]: 28,
  [IortType.rmr]: 28,
};

/**
 * Parse an IORT.
 *
 * @param bytes - The table with its ACPI header; little-endian.
 * @throws IommuError `ERR_TABLE_TRUNCATED`, `ERR_TABLE_SIGNATURE` when the bytes are not a whole IORT; `ERR_TABLE_FIELD`
 * for nodes, mappings or lists that pass the end of what holds them, with the offset and what was expected.
 * @see Arm DEN 0049, IO Remapping Table
 * @see Linux v7.0 drivers/acpi/arm64/iort.c iort_scan_node()
 */
export const parseIort = (bytes: Uint8Array): Iort => {
  const { reader, revision, checksumOk } = openAcpiTable(bytes, 'IORT');
  reader.require(0, TABLE_HEADER, 'the IORT header');
  const count = reader.u32(36);
  const nodes = new Map<number, IortNode>();
  let offset = reader.u32(40);
  if (count > 0 && offset < TABLE_HEADER) {
    throw reader.error(40, `offset ${offset} of the nodes, expected at least ${TABLE_HEADER}`);
  }
  for (let at = 0; at < count; at++) {
    if (offset + NODE_HEADER > reader.length) {
      throw reader.error(offset, `node ${at} of ${count} passes the end of the table at ${reader.length}`);
    }
    const length = reader.u16(offset + 1);
    if (length < NODE_HEADER) throw reader.error(offset + 1, `node length ${length}, expected at least ${NODE_HEADER}`);
    if (offset + length > reader.length) {
      throw reader.error(offset + 1, `node of ${length} bytes passes the end of the table at ${reader.length}`);
    }
    nodes.set(offset, readNode(reader.slice(offset, length)));
    offset += length;
  }
  return { revision, checksumOk, nodes: [...nodes.values()], nodeAt: (at) => nodes.get(at) };
};

/** Part of a node at an offset from the node's start. */
const partOf = (node: TableReader, offset: number, count: number, each: number, what: string): TableReader => {
  if (offset < NODE_HEADER || offset + count * each > node.length) {
    throw node.error(offset, `${count} ${what} of ${each} bytes, expected them within the node of ${node.length}`);
  }
  return node.slice(offset, count * each);
};

const list = <T>(part: TableReader, each: number, read: (at: number) => T): T[] =>
  Array.from({ length: part.length / each }, (_, at) => read(at * each));

const readMappings = (node: TableReader): IdMapping[] => {
  const count = node.u32(8);
  const offset = node.u32(12);
  // Without a place for them there are none, whatever their number.
  if (count === 0 || offset === 0) return [];
  const part = partOf(node, offset, count, MAPPING_LENGTH, 'id mappings');
  return list(part, MAPPING_LENGTH, (at) => ({
    inputBase: part.u32(at),
    idCount: part.u32(at + 4),
    outputBase: part.u32(at + 8),
    outputReference: part.u32(at + 12),
    single: (part.u32(at + 16) & 1) !== 0,
  }));
};

const readIdentifiers = (node: TableReader): number[] => {
  const part = partOf(node, 20, node.u32(16), 4, 'ITS identifiers');
  return list(part, 4, (at) => part.u32(at));
};

const readDescriptors = (node: TableReader): RmrDescriptor[] => {
  const count = node.u32(20);
  const offset = node.u32(24);
  if (count === 0 || offset === 0) return [];
  const part = partOf(node, offset, count, DESCRIPTOR_LENGTH, 'memory ranges');
  return list(part, DESCRIPTOR_LENGTH, (at) => ({ base: part.u64(at), length: part.u64(at + 8) }));
};

const DEVICE_ID_VALID = 1 << 4;

/**
 * The mapping for an SMMUv3's own interrupts: since revision 1; without the flag that came with revision 5 it counts
 * only while some interrupt of the unit is sent as a message.
 *
 * @see Linux v7.0 drivers/acpi/arm64/iort.c iort_get_id_mapping_index()
 */
const smmuV3Mapping = (node: TableReader, mappings: readonly IdMapping[]): number | undefined => {
  const revision = node.u8(3);
  if (revision < 1 || node.length < 68) return undefined;
  const valid = (node.u32(24) & DEVICE_ID_VALID) !== 0;
  const wired = [44, 48, 52, 56].every((at) => node.u32(at) !== 0);
  if (revision >= 5 ? !valid : wired) return undefined;
  const index = node.u32(64);
  return index < mappings.length ? index : undefined;
};

const readNode = (node: TableReader): IortNode => {
  const type = node.u8(0);
  const least = LEAST[type] ?? NODE_HEADER;
  if (node.length < least) {
    throw node.error(1, `node of type ${type} of ${node.length} bytes, expected at least ${least}`);
  }
  const mappings = readMappings(node);
  const common = { offset: node.base, revision: node.u8(3), mappings };
  switch (type) {
    case IortType.itsGroup:
      return { ...common, kind: 'its-group', identifiers: readIdentifiers(node) };
    case IortType.namedComponent:
      return { ...common, kind: 'named-component', deviceName: node.ascii(NAME, node.length - NAME) };
    case IortType.rootComplex:
      return { ...common, kind: 'root-complex', ats: (node.u32(24) & 1) !== 0, segment: node.u32(28) };
    case IortType.smmuV2:
      return { ...common, kind: 'smmu-v2', baseAddress: node.u64(16), span: node.u64(24), model: node.u32(32) };
    case IortType.smmuV3:
      return {
        ...common,
        kind: 'smmu-v3',
        baseAddress: node.u64(16),
        flags: node.u32(24),
        model: node.u32(40),
        deviceIdMapping: smmuV3Mapping(node, mappings),
      };
    case IortType.pmcg:
      // The mapping is for its interrupt, unless that has a wire of its own.
      return { ...common, kind: 'pmcg', deviceIdMapping: mappings.length > 0 && node.u32(24) === 0 ? 0 : undefined };
    case IortType.rmr:
      return {
        ...common,
        kind: 'rmr',
        remapPermitted: (node.u32(16) & 1) !== 0,
        descriptors: readDescriptors(node),
      };
    default:
      return { ...common, kind: 'other', type };
  }
};
