import type { Device } from './device.js';
import type { Diagnostic } from './diagnostic.js';
import type { Errno } from './errors.js';
import type { Group } from './group.js';
import type { Kernel } from './kernel.js';
import type { Reason } from './reason.js';
import type { ReservedRegion } from './reserved-regions.js';

/*
 * The driver contract, version 1: types only. What may still be added to it, and what would be version 2, is written down in
 * docs/driver-contract.md of the repository; `@iommu/driver-testkit` tries whether a driver keeps it.
 *
 * A driver is a plain object. It does no I/O, keeps no state outside what `bind()` returns, and never throws for
 * what the kernel would survive: "not mine" is `undefined`, "the kernel refuses" is a Refusal, odd firmware is a
 * Diagnostic. It throws only an IommuError, for bytes that cannot be read. Whatever else it throws, core reports as
 * `ERR_DRIVER_CONTRACT`, with all that the call did undone.
 *
 * For one machine core calls: bind(); unitOf() for every device; then unit by unit, device by device, probeDevice(),
 * deviceGroup(), and for each new group defaultDomainType() and domainError(). unitOf(), reservedRegions() and
 * unitAttributes() may be called at any time after.
 * When a device goes: it leaves its group, then releaseDevice(). All calls are synchronous and none overlaps another.
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

/** All that a driver may know of the machine. Lent for as long as the bound driver lives; nothing of it may be written. */
export interface Platform {
  /** The kernel whose answer is wanted: what releases differ in is asked by the name of a rule, never compared here. */
  readonly kernel: Kernel;
  /**
   * An ACPI table with its 36-byte header; the bytes are the caller's and must not be written. Nothing of it was checked:
   * length, checksum and signature may be wrong.
   *
   * @param signature - Four letters: `DMAR`.
   * @param instance - Counts tables of one signature from 0 on; default 0.
   * @returns `undefined`: the machine has no such table.
   * @see acpi_get_table()
   */
  acpiTable(signature: string, instance?: number): Uint8Array | undefined;
  /** The flattened device tree, if the machine booted with one; the caller's bytes, unchecked as those of tables are. */
  readonly deviceTree: Uint8Array | undefined;
  /** What is known of the hardware of IOMMUs, of whichever kind, in no order; usually nothing. */
  readonly units: readonly UnitRegisters[];
  /** The devices present when the drivers bind, in the order of their registration: parents before children. */
  readonly devices: readonly Device[];
  /**
   * Tell of something odd that the kernel would survive, or that had to be supposed, once each. At any time; it has no
   * effect on what is decided.
   */
  report(diagnostic: Diagnostic): void;
}

/** Firmware tables that a usual machine of the driver's kind would have. */
export interface AssumedFirmware {
  /** By signature, each whole, with header and checksum. The caller may keep the bytes. */
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

/**
 * What an IOMMU driver package exports by default, usually by a factory that is called without arguments. Stateless: it is
 * bound to any number of machines, and none learns of another.
 */
export interface IommuDriver {
  /** The version of this contract; core refuses any other with `ERR_DRIVER_SPEC_VERSION` before it looks at more. */
  readonly specVersion: 1;
  /** For messages, in kebab-case: `intel-vtd`. Of two drivers with one name a program may let one stand in for the other. */
  readonly name: string;
  /**
   * Look for this driver's IOMMUs. Called once for a machine, before any device is grouped; drivers are bound in the order
   * in which they were given, and a device goes to the first that knows it.
   *
   * @param platform - Lent as long as the bound driver lives.
   * @returns `undefined`: the machine has none of its kind. A driver whose IOMMUs are present but switched off returns
   * a bound driver without units, so that it can say why.
   * @throws IommuError when a table cannot be read (`ERR_TABLE_*`).
   * @see intel_iommu_init(), amd_iommu_init(), arm_smmu_device_probe()
   */
  bind(platform: Platform): BoundDriver | undefined;
  /**
   * Firmware for a machine whose description holds none. Called before `bind()`, which then gets the tables that are
   * returned; the answer is labelled as assumed. Absent: nothing can be supposed. Has no counterpart in the kernel.
   *
   * @param devices - As `Platform.devices`.
   * @param kernel - Absent: not known.
   * @returns `undefined` when the machine is not of this driver's kind.
   */
  assume?(devices: readonly Device[], kernel?: Kernel): AssumedFirmware | undefined;
  /**
   * Write this driver's tables anew for a machine whose hardware was moved, as its firmware would. Absent: tables of this
   * driver's kind do not name what can move.
   *
   * @param platform - The machine as it was; `report` is told what could only be supposed.
   * @returns Only the tables that change, by the name of their file; `undefined`: none does.
   * @throws IommuError as `bind()`
   */
  relocate?(platform: Platform, relocation: Relocation): Readonly<Record<string, Uint8Array>> | undefined;
}

/** One IOMMU, `/sys/class/iommu/<name>`. The object itself is its identity. @see struct iommu_device */
export interface IommuUnit {
  /** Distinct among the driver's units, fit for a file name: `dmar0`, `ivhd0`, `smmu3.0x0000000009050000`. */
  readonly name: string;
  /** Path below `/sys/devices` of the device that it is a function of; absent: it stands below `virtual`. */
  readonly parent?: string;
}

/** How many groups use a unit, by kind of their default domain. */
export interface UnitUse {
  /** Groups whose domain is `DMA` or `DMA-FQ`. */
  readonly translated: number;
  /** Groups whose domain is `identity`. */
  readonly identity: number;
}

/** A unit was found for a device: it presents these ids to it. @see struct iommu_fwspec */
export interface UnitFound {
  /** One of the driver's `units`, the object itself. */
  readonly unit: IommuUnit;
  /** Requester ids or stream ids, whole numbers of 32 bits, the device's own first; they may be worked out when read. */
  readonly ids: readonly number[];
  /** Why this unit. */
  readonly reason?: Reason;
}

/** No unit translates the device, and this is why. */
export interface UnitNone {
  /** What an explanation shows for the device. */
  readonly none: Reason;
}

/**
 * The kernel would refuse: `ENODEV` leaves the device without an IOMMU, any other errno undoes the unit's registration when
 * that is going on, and of a device that comes later concerns only that device.
 *
 * @see Linux v6.1 drivers/iommu/iommu.c probe_iommu_group(), bus_iommu_probe()
 */
export interface Refusal {
  /** What the kernel's function returns, without its sign. */
  readonly errno: Errno;
  /** What an explanation shows for the device. */
  readonly reason: Reason;
}

/** A group for a device, and the chain of reasons that led there, in the order in which they were weighed. */
export interface GroupDecision {
  /** The driver's one reference on it passes to the device. */
  readonly group: Group;
  /** At least one; where the device joins others, one names a member of the group. */
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

/**
 * The grouping part of Linux `struct iommu_ops`, bound to one machine. Synchronous. Its state is that machine's; it ends
 * with it, without a call.
 */
export interface BoundDriver {
  /**
   * In the order in which they register, which is the order in which group ids are handed out. The list and its objects
   * stay the same; empty: the hardware is there and not in use.
   *
   * @see iommu_device_register()
   */
  readonly units: readonly IommuUnit[];
  /**
   * What the driver asks of buses, by a name that the bus package defines: `pci-acs`. Default: nothing.
   *
   * @see pci_request_acs()
   */
  readonly busFeatures?: readonly string[];
  /**
   * `driver-probe`: devices get their group only when a kernel driver is probed for them. Default: as units register.
   *
   * @see Linux v6.1 drivers/of/device.c of_dma_configure_id(), drivers/acpi/scan.c acpi_dma_configure_id()
   */
  readonly groupsAt?: 'unit-registration' | 'driver-probe';
  /** A kernel driver's probe tries once more for a device that got no group when its unit registered. Default: it does not. */
  readonly retriesAtDriverProbe?: boolean;
  /**
   * The kernel's driver does not look whether registering its unit came to anything: of a unit that a refusal undid the
   * entry stays, with no device behind it. Default: it is gone.
   */
  readonly keepsUndoneUnits?: boolean;
  /**
   * The hardware makes lazy invalidation unsafe or pointless, so the whole system is strict. Default: no.
   *
   * @see iommu_set_dma_strict()
   */
  readonly forcesStrict?: boolean;
  /**
   * The driver changes what the system would choose for all groups. Default: it does not.
   *
   * @see iommu_set_default_passthrough()
   */
  readonly systemDomain?: 'identity';
  /**
   * Which unit translates the device: a pure lookup in what the firmware says, asked any number of times, in any order, of
   * devices of any bus, also of ones that came after `bind()`.
   *
   * @returns `undefined`: not behind this driver's IOMMUs, another driver is asked. Both other answers are final.
   * @see device_lookup_iommu(), of_iommu_configure(), iort_iommu_configure_id()
   */
  unitOf(device: Device): UnitFound | UnitNone | undefined;
  /**
   * Claim what only one device may own (a stream id). Called once before `deviceGroup()`; whatever it claimed is given back
   * by `releaseDevice()`. Absent: nothing can fail.
   *
   * @param found - What `unitOf()` answered.
   * @returns `undefined`: done. A refusal: nothing was claimed, and `releaseDevice()` is not called.
   * @see struct iommu_ops probe_device
   */
  probeDevice?(device: Device, found: UnitFound): Refusal | undefined;
  /**
   * Choose the group. Most drivers call `pciDeviceGroup()` of `@iommu/pci`. Devices above on the bus were asked about before.
   *
   * @param groups - Good for this call only.
   * @returns The group with one reference, which becomes the device's. A refusal: what was claimed is released.
   * @see struct iommu_ops device_group
   */
  deviceGroup(device: Device, groups: GroupAccess): GroupDecision | Refusal;
  /**
   * Addresses that the device must not be given, in any order, may overlap: core sorts and merges. Asked whenever somebody
   * looks, and only about devices that have a group; the same each time.
   *
   * @see struct iommu_ops get_resv_regions
   */
  reservedRegions(device: Device): readonly ReservedRegion[];
  /**
   * What the device needs of its group's default domain. `undefined`, or absent: no opinion.
   *
   * @see struct iommu_ops def_domain_type
   */
  defaultDomainType?(device: Device): 'identity' | 'DMA' | undefined;
  /** Why a domain of this type cannot be had for the device. Absent or `undefined`: it can. @see struct iommu_ops domain_alloc */
  domainError?(device: Device, type: 'identity' | 'DMA' | 'DMA-FQ'): Errno | undefined;
  /**
   * Give back what `probeDevice()` claimed; called once, after the device left its group, or when `deviceGroup()` refused.
   * Throws nothing.
   *
   * @see struct iommu_ops release_device
   */
  releaseDevice?(device: Device): void;
  /**
   * Files below the unit's directory, by relative path; values without their newline: `intel-iommu/version` is `1:0`.
   * Absent: none.
   *
   * @see iommu_device_sysfs_add()
   */
  unitAttributes?(unit: IommuUnit, use: UnitUse): Readonly<Record<string, string>>;
}
