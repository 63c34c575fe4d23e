/*
 * The I/O Remapping Table, in the words of Arm DEN 0049 (IO Remapping Table).
 * Offsets: Linux v7.0 include/acpi/actbl2.h; what Linux does with odd values: drivers/acpi/arm64/iort.c.
 */

/** Numbers of the kinds of node. */
export const IortType = {
  itsGroup: 0,
  namedComponent: 1,
  rootComplex: 2,
  smmuV2: 3,
  smmuV3: 4,
  pmcg: 5,
  rmr: 6,
  iwb: 7,
} as const;

/** Which output ids a range of input ids becomes, at which node. */
export interface IdMapping {
  readonly inputBase: number;
  /** How many ids less one. */
  readonly idCount: number;
  readonly outputBase: number;
  /** The node that sees the output ids, in bytes from the table's start; 0 is none. */
  readonly outputReference: number;
  /** `outputBase` stands for whatever comes in. */
  readonly single: boolean;
}

interface Common {
  /** In bytes from the table's start: what mappings refer to. */
  readonly offset: number;
  readonly revision: number;
  readonly mappings: readonly IdMapping[];
}

/** Interrupt translation services. */
export interface ItsGroup extends Common {
  readonly kind: 'its-group';
  /** As the MADT numbers them. */
  readonly identifiers: readonly number[];
}

/** A device that firmware names by its ACPI path. */
export interface NamedComponent extends Common {
  readonly kind: 'named-component';
  /** `\_SB_.ETH0` */
  readonly deviceName: string;
}

/** All functions of one PCI segment. */
export interface RootComplex extends Common {
  readonly kind: 'root-complex';
  /** 32 bits. */
  readonly segment: number;
  readonly ats: boolean;
}

/** An SMMU of version 1 or 2. */
export interface SmmuV2Node extends Common {
  readonly kind: 'smmu-v2';
  /** Of its registers, host physical, in bytes. */
  readonly baseAddress: bigint;
  readonly span: bigint;
  /** 0 version 1, 1 version 2, 2 MMU-400, 3 MMU-500, 4 MMU-401, 5 Cavium ThunderX. */
  readonly model: number;
}

/** An SMMU of version 3. */
export interface SmmuV3Node extends Common {
  readonly kind: 'smmu-v3';
  readonly baseAddress: bigint;
  readonly flags: number;
  /** 0 generic, 1 HiSilicon hi161x, 2 Cavium CN99xx. */
  readonly model: number;
  /** The mapping that is for its own interrupts, not for devices; `undefined`: it has none. */
  readonly deviceIdMapping: number | undefined;
}

/** Performance counters of an SMMU. */
export interface PmcgNode extends Common {
  readonly kind: 'pmcg';
  readonly deviceIdMapping: number | undefined;
}

/** One range of memory that must stay mapped. */
export interface RmrDescriptor {
  readonly base: bigint;
  /** In bytes. */
  readonly length: bigint;
}

/** Reserved Memory Ranges of the devices that its mappings name. */
export interface RmrNode extends Common {
  readonly kind: 'rmr';
  readonly remapPermitted: boolean;
  readonly descriptors: readonly RmrDescriptor[];
}

/** A kind that has nothing to say about groups but may have mappings. */
export interface OtherNode extends Common {
  readonly kind: 'other';
  readonly type: number;
}

/** A node that is an SMMU. */
export type SmmuNode = SmmuV2Node | SmmuV3Node;

/** A node of any kind; `kind` tells which. */
export type IortNode = ItsGroup | NamedComponent | RootComplex | SmmuNode | PmcgNode | RmrNode | OtherNode;

/** All of an IORT. */
export interface Iort {
  /** Of the table; reserved memory counts from 5 on. */
  readonly revision: number;
  readonly checksumOk: boolean;
  /** In table order. */
  readonly nodes: readonly IortNode[];
  /** The node that a reference of the table leads to: `offset` in bytes from the start of the table. */
  readonly nodeAt: (offset: number) => IortNode | undefined;
}

/** Whether a node is an SMMU, of either version. */
export const isSmmu = (node: IortNode | undefined): node is SmmuNode =>
  node?.kind === 'smmu-v2' || node?.kind === 'smmu-v3';
