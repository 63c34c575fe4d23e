import { ACPI_HEADER_LENGTH, sealAcpiTable } from '@iommu/firmware';
import { IortType } from './iort/nodes.js';

/** An SMMU to be described. */
export interface SmmuSketch {
  /** `v2` is written as model 1, SMMUv2; `v3` as model 0, generic. */
  readonly version: 'v2' | 'v3';
  /** Of its registers, host physical, in bytes. */
  readonly base: bigint;
}

/** A PCI segment, all of whose requester ids go to one SMMU as they are. */
export interface RootComplexSketch {
  /** 32 bits; of two for one segment the first counts. */
  readonly segment: number;
  /** Which of the SMMUs, counted from 0. */
  readonly smmu: number;
}

/** What {@link writeIort} makes a table of. */
export interface IortSketch {
  /** Written in this order, before the root complexes. */
  readonly smmus: readonly SmmuSketch[];
  /** Written in this order; a segment without one has no SMMU. */
  readonly rootComplexes: readonly RootComplexSketch[];
}

const TABLE_HEADER = 48;
const NODE_HEADER = 16;
const SMMU_LENGTH = { v2: 76, v3: 68 } as const;
const ROOT_COMPLEX_LENGTH = 36;
const MAPPING_LENGTH = 20;
const LAST_REQUESTER_ID = 0xffff;

/**
 * Write an IORT that says as much as grouping needs, for machines made by hand.
 *
 * @returns The table with header and checksum; each root complex passes its 65,536 requester ids on unchanged.
 */
export const writeIort = ({ smmus, rootComplexes }: IortSketch): Uint8Array => {
  const total =
    TABLE_HEADER +
    smmus.reduce((sum, { version }) => sum + SMMU_LENGTH[version], 0) +
    rootComplexes.length * (ROOT_COMPLEX_LENGTH + MAPPING_LENGTH);
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  bytes.set([...'IORT'].map((letter) => letter.charCodeAt(0)));
  view.setUint32(ACPI_HEADER_LENGTH, smmus.length + rootComplexes.length, true);
  view.setUint32(ACPI_HEADER_LENGTH + 4, TABLE_HEADER, true);
  let offset = TABLE_HEADER;
  const node = (type: number, length: number): number => {
    const start = offset;
    view.setUint8(start, type);
    view.setUint16(start + 1, length, true);
    offset += length;
    return start;
  };
  const offsets = smmus.map(({ version, base }) => {
    const start = node(version === 'v3' ? IortType.smmuV3 : IortType.smmuV2, SMMU_LENGTH[version]);
    view.setBigUint64(start + NODE_HEADER, base, true);
    if (version === 'v2') view.setUint32(start + 32, 1, true);
    return start;
  });
  for (const { segment, smmu } of rootComplexes) {
    const start = node(IortType.rootComplex, ROOT_COMPLEX_LENGTH + MAPPING_LENGTH);
    view.setUint32(start + 8, 1, true);
    view.setUint32(start + 12, ROOT_COMPLEX_LENGTH, true);
    view.setUint32(start + 28, segment, true);
    view.setUint32(start + ROOT_COMPLEX_LENGTH + 4, LAST_REQUESTER_ID, true);
    view.setUint32(start + ROOT_COMPLEX_LENGTH + 12, offsets[smmu] ?? 0, true);
  }
  return sealAcpiTable(bytes);
};
