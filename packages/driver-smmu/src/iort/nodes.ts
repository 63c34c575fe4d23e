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
  /** The first id of the range, 32 bits; not looked at where `single` is set. */
  readonly inputBase: number;
  /** How many ids less one. */
  readonly idCount: number;
  /** What `inputBase` becomes; each next id becomes the next one, modulo 2^32. */
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
  /** `IortType.itsGroup`. @see Arm DEN 0049, ITS group node */
  readonly kind: 'its-group';
  /** As the MADT numbers them. */
  readonly identifiers: readonly number[];
}

/** A device that firmware names by its ACPI path. */
export interface NamedComponent extends Common {
  /** `IortType.namedComponent`. @see Arm DEN 0049, named component node */
  readonly kind: 'named-component';
  /** `\_SB_.ETH0` */
  readonly deviceName: string;
}

/** All functions of one PCI segment. */
export interface RootComplex extends Common {
  /** `IortType.rootComplex`. @see Arm DEN 0049, root complex node */
  readonly kind: 'root-complex';
  /** 32 bits. */
  readonly segment: number;
  /** Bit 0 of its ATS attribute; no effect on groups. */
  readonly ats: boolean;
}

/** An SMMU of version 1 or 2. */
export interface SmmuV2Node extends Common {
  /** `IortType.smmuV2`, version 1 included: `model` tells. @see Arm DEN 0049, SMMUv1 or SMMUv2 node */
  readonly kind: 'smmu-v2';
  /** Of its registers, host physical, in bytes. */
  readonly baseAddress: bigint;
  /** Of its registers, in bytes from `baseAddress` on. */
  readonly span: bigint;
  /** 0 version 1, 1 version 2, 2 MMU-400, 3 MMU-500, 4 MMU-401, 5 Cavium ThunderX. */
  readonly model: number;
}

/** An SMMU of version 3. */
export interface SmmuV3Node extends Common {
  /** `IortType.smmuV3`. @see Arm DEN 0049, SMMUv3 node */
  readonly kind: 'smmu-v3';
  /** Of its registers, host physical, in bytes; the name of the unit is made of it. */
  readonly baseAddress: bigint;
  /** 32 bits: 0 COHACC override, 2:1 HTTU override, 3 proximity domain valid, 4 device id mapping valid (node revision 5). */
  readonly flags: number;
  /** 0 generic, 1 HiSilicon hi161x, 2 Cavium CN99xx. */
  readonly model: number;
  /** The mapping that is for its own interrupts, not for devices; `undefined`: it has none. */
  readonly deviceIdMapping: number | undefined;
}

/** Performance counters of an SMMU. */
export interface PmcgNode extends Common {
  /** `IortType.pmcg`. @see Arm DEN 0049, PMCG node */
  readonly kind: 'pmcg';
  /** Index in `mappings` of the one for its interrupt; `undefined`: it has a wire, or no mapping. */
  readonly deviceIdMapping: number | undefined;
}

/** One range of memory that must stay mapped. */
export interface RmrDescriptor {
  /** The first address, host physical; Linux widens a range that is not in steps of 64 KiB to pages of 4 KiB. */
  readonly base: bigint;
  /** In bytes; a range of 0 has no effect. */
  readonly length: bigint;
}

/** Reserved Memory Ranges of the devices that its mappings name. */
export interface RmrNode extends Common {
  /** `IortType.rmr`; counts in tables of revision 5 and later, since 6.0. @see Arm DEN 0049, reserved memory range node */
  readonly kind: 'rmr';
  /** Flag bit 0: the regions are `direct-relaxable`, else `direct`. */
  readonly remapPermitted: boolean;
  /** In table order; each counts for every device that the mappings name. */
  readonly descriptors: readonly RmrDescriptor[];
}

/** A kind that has nothing to say about groups but may have mappings. */
export interface OtherNode extends Common {
  /** A type that has no shape of its own here, `IortType.iwb` included. */
  readonly kind: 'other';
  /** 8 bits, as in the table. */
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
  /** `false`: the driver reports `iort-checksum` and goes on. */
  readonly checksumOk: boolean;
  /** In table order. */
  readonly nodes: readonly IortNode[];
  /** The node that a reference of the table leads to: `offset` in bytes from the start of the table. */
  readonly nodeAt: (offset: number) => IortNode | undefined;
}

/** Whether a node is an SMMU, of either version. */
export const isSmmu = (node: IortNode | undefined): node is SmmuNode =>
  node?.kind === 'smmu-v2' || node?.kind === 'smmu-v3';
