import type { Device } from './device.js';
import type { Diagnostic } from './diagnostic.js';
import type { Errno } from './errors.js';
import type { Group } from './group.js';
import type { Kernel } from './kernel.js';
import type { Reason } from './reason.js';
import type { ReservedRegion } from './reserved-regions.js';

/*
 * The driver contract, version 1: types only.
 *
 * A driver is a plain object. It does no I/O, keeps no state outside what `bind()` returns, and never throws for
 * what the kernel would survive: "not mine" is `undefined`, "the kernel refuses" is a Refusal, odd firmware is a
 * Diagnostic. It throws only an IommuError, for bytes that cannot be read.
 */

/** What is known of one IOMMU's own hardware, read from sysfs or from the kernel's log. */
export interface UnitRegisters {
  /** The name that the kernel gave it, where known: `dmar0`, `ivhd0`. */
  readonly name?: string;
  /** Base of its register set, host physical, in bytes. */
  readonly address?: bigint;
  /** By the specification's name in lower case: `cap`, `ecap`, `version`. */
  readonly registers: Readonly<Record<string, bigint>>;
  /** `false`: the kernel found that nothing answers at `address`. */
  readonly responds?: boolean;
}

/** All that a driver may know of the machine. */
export interface Platform {
  readonly kernel: Kernel;
  /**
   * An ACPI table with its 36-byte header; the bytes are the caller's and must not be written.
   *
   * @param instance - Counts tables of one signature from 0 on.
   */
  acpiTable(signature: string, instance?: number): Uint8Array | undefined;
  /** The flattened device tree, if the machine booted with one. */
  readonly deviceTree: Uint8Array | undefined;
  readonly units: readonly UnitRegisters[];
  /** The devices present when the drivers bind, in the order of their registration: parents before children. */
  readonly devices: readonly Device[];
  report(diagnostic: Diagnostic): void;
}

/** Firmware tables that a usual machine of the driver's kind would have. */
export interface AssumedFirmware {
  readonly acpi: Readonly<Record<string, Uint8Array>>;
  /** What was supposed, one sentence. */
  readonly text: string;
}

/** Hardware of a machine is somewhere else now, or left out of what the IOMMUs translate. */
export interface Relocation {
  /** Every device as it was, with the same device as it is now; `undefined`: it was taken out. */
  readonly devices: ReadonlyMap<Device, Device | undefined>;
  /** Every device as it is now, what was put in among them. */
  readonly after: readonly Device[];
  /** Of those, the ones that no table may name any more. */
  readonly bypassed: ReadonlySet<Device>;
}

/** What an IOMMU driver package exports, usually by a factory. Stateless. */
export interface IommuDriver {
  /** The version of this contract. */
  readonly specVersion: 1;
  /** For messages: `intel-vtd`. */
  readonly name: string;
  /**
   * Look for this driver's IOMMUs.
   *
   * @returns `undefined`: the machine has none of its kind. A driver whose IOMMUs are present but switched off returns
   * a bound driver without units, so that it can say why.
   * @throws IommuError when a table cannot be read (`ERR_TABLE_*`).
   */
  bind(platform: Platform): BoundDriver | undefined;
  /** Firmware for a machine whose description holds none; `undefined` when the machine is not of this driver's kind. */
  assume?(devices: readonly Device[], kernel?: Kernel): AssumedFirmware | undefined;
  /**
   * Write this driver's tables anew for a machine whose hardware was moved, as its firmware would. Absent: tables of this
   * driver's kind do not name what can move.
   *
   * @param platform - The machine as it was; `report` is told what could only be supposed.
   * @returns Only the tables that change, by the name of their file; `undefined`: none does.
   */
  relocate?(platform: Platform, relocation: Relocation): Readonly<Record<string, Uint8Array>> | undefined;
}

/** One IOMMU, `/sys/class/iommu/<name>`. The object itself is its identity. */
export interface IommuUnit {
  /** `dmar0`, `ivhd0`, `smmu3.0x0000000009050000`. */
  readonly name: string;
  /** Path below `/sys/devices` of the device that it is a function of; absent: it stands below `virtual`. */
  readonly parent?: string;
}

/** How many groups use a unit, by kind of their default domain. */
export interface UnitUse {
  readonly translated: number;
  readonly identity: number;
}

/** A unit was found for a device: it presents these ids to it. */
export interface UnitFound {
  readonly unit: IommuUnit;
  /** Requester ids or stream ids, the device's own first. */
  readonly ids: readonly number[];
  /** Why this unit. */
  readonly reason?: Reason;
}

/** No unit translates the device, and this is why. */
export interface UnitNone {
  readonly none: Reason;
}

/** The kernel would refuse: `ENODEV` leaves the device without an IOMMU, any other errno undoes the unit's registration. */
export interface Refusal {
  readonly errno: Errno;
  readonly reason: Reason;
}

/** A group for a device, and the chain of reasons that led there, in the order in which they were weighed. */
export interface GroupDecision {
  /** The driver's one reference on it passes to the device. */
  readonly group: Group;
  /** At least one. */
  readonly reasons: readonly Reason[];
}

/**
 * The groups, as a driver sees them while it decides.
 *
 * Every group returned holds a reference for the driver. When `deviceGroup()` returns, the driver must hold exactly
 * one: on the group that it returns.
 */
export interface GroupAccess {
  /** A new group with the lowest free id. @see iommu_group_alloc() */
  alloc(): Group;
  /** The device's group, one more reference. @see iommu_group_get() */
  get(device: Device): Group | undefined;
  /** One more reference on a group already known. @throws `ERR_GROUP_ENDED` @see iommu_group_ref_get() */
  ref(group: Group): Group;
  /** Give one back. @throws `ERR_GROUP_REFERENCE` when the driver holds none. @see iommu_group_put() */
  put(group: Group): void;
  /** Take one more reference, which the unit holds until it is unregistered. @see generic_single_device_group() */
  keep(group: Group): void;
  /** `/sys/kernel/iommu_groups/<id>/name`. @see iommu_group_set_name() */
  setName(group: Group, name: string | undefined): void;
  /** Private data; `release` is called once, when the group ends. @see iommu_group_set_iommudata() */
  setData(group: Group, data: unknown, release?: (data: unknown) => void): void;
}

/** The grouping part of Linux `struct iommu_ops`, bound to one machine. Synchronous. */
export interface BoundDriver {
  /** In the order in which they register, which is the order in which group ids are handed out. */
  readonly units: readonly IommuUnit[];
  /** What the driver asks of buses, by a name that the bus package defines: `pci-acs`. */
  readonly busFeatures?: readonly string[];
  /** `driver-probe`: devices get their group only when a kernel driver is probed for them. Default: as units register. */
  readonly groupsAt?: 'unit-registration' | 'driver-probe';
  /** A kernel driver's probe tries once more for a device that got no group when its unit registered. */
  readonly retriesAtDriverProbe?: boolean;
  /**
   * The kernel's driver does not look whether registering its unit came to anything: of a unit that a refusal undid the
   * entry stays, with no device behind it.
   */
  readonly keepsUndoneUnits?: boolean;
  /** The hardware makes lazy invalidation unsafe or pointless, so the whole system is strict. @see iommu_set_dma_strict() */
  readonly forcesStrict?: boolean;
  /** The driver changes what the system would choose. @see iommu_set_default_passthrough() */
  readonly systemDomain?: 'identity';
  /**
   * Which unit translates the device: a pure lookup in what the firmware says, asked any number of times.
   * `undefined`: not behind this driver's IOMMUs.
   */
  unitOf(device: Device): UnitFound | UnitNone | undefined;
  /** Claim what only one device may own (a stream id). Absent: nothing can fail. @see probe_device */
  probeDevice?(device: Device, found: UnitFound): Refusal | undefined;
  /** Choose the group. Most drivers call `pciDeviceGroup()` of `@iommu/pci`. @see device_group */
  deviceGroup(device: Device, groups: GroupAccess): GroupDecision | Refusal;
  /** In any order, may overlap: core sorts and merges. @see get_resv_regions */
  reservedRegions(device: Device): readonly ReservedRegion[];
  /** `undefined`: no opinion. @see def_domain_type */
  defaultDomainType?(device: Device): 'identity' | 'DMA' | undefined;
  /** Why a domain of this type cannot be had for the device. Absent or `undefined`: it can. @see domain_alloc */
  domainError?(device: Device, type: 'identity' | 'DMA' | 'DMA-FQ'): Errno | undefined;
  /** Give back what `probeDevice()` claimed; called after the device left its group. @see release_device */
  releaseDevice?(device: Device): void;
  /** Files below the unit's directory, by relative path; values without their newline: `intel-iommu/version` is `1:0`. */
  unitAttributes?(unit: IommuUnit, use: UnitUse): Readonly<Record<string, string>>;
}
