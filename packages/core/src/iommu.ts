import { Contested } from './contested.js';
import { DefaultDomains } from './default-domains.js';
import type { Device } from './device.js';
import { type Capabilities, decideDomainWrite } from './domain-write.js';
import type { IommuDriver, IommuUnit, Platform, UnitUse } from './driver.js';
import { driverRegions } from './driver-regions.js';
import { IommuError, refused } from './errors.js';
import { Emitter, type Listener } from './events.js';
import type { DomainType, Group } from './group.js';
import { type GroupRecord, GroupTable } from './group-table.js';
import { bindDriver, type KernelDriver, unbindDriver } from './kernel-driver.js';
import { type DeviceOutcome, outcomeOf } from './outcome.js';
import * as ownership from './ownership.js';
import { callDriver, type DeviceState, locate, type NamedDriver, newState } from './prober.js';
import { bind, Registration } from './registration.js';
import type { ReservedRegion } from './reserved-regions.js';
import { systemDomain, systemDomainType } from './system-domain.js';

/** The machine, and who drives its IOMMUs. */
export interface IommuOptions {
  /** Lent for as long as the `Iommu` lives. Its `devices` are there from the start, registered in their order. */
  readonly platform: Platform;
  /** A device goes to the first driver that knows it. */
  readonly drivers: readonly IommuDriver[];
  /** The order in which a registering unit looks through the buses; a bus not listed comes last. */
  readonly buses?: readonly string[];
}

/** The groups of one running machine: devices come and go, units register, kernel drivers bind, domains change. */
export class Iommu {
  /** Live. Groups that devices without an IOMMU were put into by hand (`join()`) are among them. */
  readonly groups: GroupTable;
  /** Those that found hardware of theirs, in the order given; of the others `bind()` returned nothing. */
  readonly drivers: readonly NamedDriver[];
  readonly #events = new Emitter();
  readonly #platform: Platform;
  readonly #buses: readonly string[];
  readonly #states = new Map<Device, DeviceState>();
  readonly #domains: DefaultDomains;
  readonly #registration: Registration;
  readonly #contested = new Contested();
  #registered = false;

  /**
   * Bind the drivers; nothing is grouped until {@link registerUnits}.
   *
   * @throws `ERR_DRIVER_SPEC_VERSION`, `ERR_DRIVER_CONTRACT`, or what a driver's `bind()` throws.
   */
  constructor({ platform, drivers, buses = [] }: IommuOptions) {
    const events = this.#events;
    const states = this.#states;
    this.groups = new GroupTable(events);
    this.#platform = platform;
    this.#buses = buses;
    this.drivers = drivers.flatMap((driver) => bind(driver, platform));
    const { passthrough, strict } = systemDomain(platform.kernel);
    const system = systemDomainType(platform.kernel, {
      passthrough: passthrough || this.drivers.some(({ bound }) => bound.systemDomain === 'identity'),
      strict: strict || this.drivers.some(({ bound }) => bound.forcesStrict),
    });
    this.#domains = new DefaultDomains(states, system, events);
    this.#registration = new Registration({
      groups: this.groups,
      states,
      drivers: this.drivers,
      domains: this.#domains,
      events,
      contested: this.#contested,
    });
    for (const device of platform.devices) states.set(device, newState(device));
  }

  /** Hear of groups and units from now on, as it happens. @returns A function that takes the listener off. */
  on(listener: Listener): () => void {
    return this.#events.on(listener);
  }

  /** The units that there are, in the order of their registration; see {@link BoundDriver.keepsUndoneUnits}. */
  get units(): readonly IommuUnit[] {
    return [...this.#registration.units.keys()];
  }

  /** The devices that exist, in the order of their registration. */
  get devices(): readonly Device[] {
    return [...this.#states.keys()];
  }

  /** What a group gets when nobody has an opinion. */
  get systemType(): DomainType {
    return this.#domains.system;
  }

  /**
   * Register every unit, and with it group the devices behind it.
   *
   * One unit after the other, so ids are handed out unit by unit; before 6.1 all of a driver's units at once, so in
   * device order. A unit whose registration fails is gone unless its driver keeps the entry, and its devices have no
   * IOMMU.
   *
   * @throws `ERR_DRIVER_CONTRACT`; the unit concerned is undone. From `unitOf()`: no unit was registered, and the call
   * may be repeated.
   * @see Linux v6.1 drivers/iommu/iommu.c iommu_device_register(), bus_iommu_probe()
   */
  registerUnits(): void {
    if (this.#registered) return;
    for (const state of this.#states.values()) locate(state, this.drivers, this.#contested);
    this.#tellContested();
    this.#registered = true;
    const allAtOnce = this.#platform.kernel.rule('unit-registration') === 'all-at-once';
    this.#registration.registerAll(this.#buses, allAtOnce);
  }

  #tellContested(): void {
    for (const diagnostic of this.#contested.take()) this.#platform.report(diagnostic);
  }

  #state(device: Device): DeviceState {
    const state = this.#states.get(device);
    if (!state) throw new IommuError('ERR_DEVICE_UNKNOWN', `${device.name} was never added, or was removed`);
    return state;
  }

  #groupOf(device: Device): GroupRecord | undefined {
    return this.groups.of(this.#state(device).device) as GroupRecord | undefined;
  }

  /**
   * A device appears on its bus; it is grouped at once, unless its driver waits for a kernel driver's probe.
   *
   * @throws `ERR_DEVICE_EXISTS`, `ERR_DRIVER_CONTRACT`
   * @see iommu_bus_notifier()
   */
  addDevice(device: Device): void {
    if (this.#states.has(device)) throw new IommuError('ERR_DEVICE_EXISTS', `${device.name} was added already`);
    const state = newState(device);
    this.#states.set(device, state);
    if (!this.#registered) return;
    try {
      this.#registration.arrive(state);
      this.#tellContested();
    } catch (error) {
      this.#states.delete(device);
      throw error;
    }
  }

  /** A device goes: its kernel driver is unbound, it leaves its group. @throws `ERR_DEVICE_UNKNOWN` */
  removeDevice(device: Device): void {
    const state = this.#state(device);
    if (state.kernelDriver) this.unbindDriver(device);
    try {
      this.#registration.release(state);
    } finally {
      this.#states.delete(device);
    }
  }

  /** What became of the device. @throws `ERR_DEVICE_UNKNOWN` */
  outcomeOf(device: Device): DeviceOutcome {
    return outcomeOf(this.#state(device), this.groups.of(device));
  }

  /** The group's reserved regions: sorted, merged, up to the first member that has no IOMMU. @see iommu_get_group_resv_regions() */
  reservedRegions(group: Group): readonly ReservedRegion[] {
    return driverRegions(this.groups.record(group).devices, this.#states, group);
  }

  /** What one member brings to the reserved regions of its group: sorted, merged; nothing without an IOMMU. @throws `ERR_DEVICE_UNKNOWN` */
  reservedRegionsOf(device: Device): readonly ReservedRegion[] {
    return driverRegions([device], this.#states, this.#groupOf(device));
  }

  /**
   * A kernel driver is about to be probed for the device, whether it takes the device or not: the device is grouped if
   * that waited for this, or if it had no luck before.
   *
   * @throws `ERR_DEVICE_UNKNOWN`, `ERR_DRIVER_CONTRACT`
   * @see really_probe(), dma_configure of the bus
   */
  probeDriver(device: Device): void {
    const state = this.#state(device);
    const { groupsAt, retriesAtDriverProbe } = state.driver?.bound ?? {};
    if (groupsAt === 'driver-probe' || retriesAtDriverProbe) this.#registration.probeAlone(state);
  }

  /**
   * A kernel driver is probed for the device and takes it: see {@link probeDriver}; then the driver becomes a user of the
   * group's DMA unless it manages DMA itself.
   *
   * @throws `ERR_REFUSED` with `EBUSY` when the device has a driver or an owner holds the group; `EPROBE_DEFER`; what
   * the driver's own probe answers. The device may have got a group all the same.
   * @see really_probe(), iommu_device_use_default_domain()
   */
  bindDriver(device: Device, driver: KernelDriver): void {
    const state = this.#state(device);
    if (state.kernelDriver) throw refused('EBUSY', `${device.name} is bound to ${state.kernelDriver.name}`);
    this.probeDriver(device);
    bindDriver(state, this.#groupOf(device), driver, this.#events);
  }

  /**
   * A kernel driver lets go of the device; then it is no user of the group's DMA any more.
   *
   * @param remove - What else the driver does as it lets go; it throws nothing.
   * @throws `ERR_DEVICE_UNKNOWN` when the device has no driver.
   * @see iommu_device_unuse_default_domain()
   */
  unbindDriver(device: Device, remove?: () => void): void {
    const state = this.#state(device);
    if (!state.kernelDriver) throw new IommuError('ERR_DEVICE_UNKNOWN', `${device.name} has no driver`);
    unbindDriver(state, this.#groupOf(device), remove, this.#events);
  }

  /** The bound kernel driver's name. */
  kernelDriverOf(device: Device): string | undefined {
    return this.#state(device).kernelDriver?.name;
  }

  /**
   * Write to the group's `type` file.
   *
   * @param text - `identity`, `DMA`, `DMA-FQ` or `auto`, exactly; one newline may end it.
   * @returns How many characters were taken: all.
   * @throws `ERR_REFUSED` with the errno of the kernel's release (`EACCES`, `EINVAL`, `EBUSY`, `EPERM`, …).
   * @see iommu_group_store_type()
   */
  writeType(group: Group, text: string, { sysAdmin = true, sysRawio = true }: Capabilities = {}): number {
    const record = this.groups.record(group);
    if (text !== '' && !(sysAdmin && sysRawio)) {
      throw refused('EACCES', 'writing type needs CAP_SYS_ADMIN and CAP_SYS_RAWIO');
    }
    const first = record.devices[0];
    const type = decideDomainWrite(text, {
      id: record.id,
      current: record.type,
      members: record.devices.length,
      firstBound: first !== undefined && this.#states.get(first)?.kernelDriver !== undefined,
      ownerCount: record.ownerCount,
      owned: record.owner !== undefined,
      demand: this.#domains.demand(record),
      system: this.systemType,
      domainError: (wanted) => this.#domains.error(record, wanted),
      rule: (this.#platform.kernel.rule('domain-type-write') ?? 'owner') as 'none' | 'single-device' | 'owner',
      flushQueue: this.#platform.kernel.rule('domain-type-fq') !== 'no',
    });
    if (type !== record.type) this.#domains.change(record, type);
    return text.length;
  }

  #needsDirect(group: Group): boolean {
    return this.reservedRegions(group).some(({ type }) => type === 'direct');
  }

  /** Claim the group for one owner, as VFIO does. @throws `ERR_REFUSED` with `EPERM` or `EINVAL` @see iommu_group_claim_dma_owner() */
  claimGroup(group: Group, owner: unknown): void {
    ownership.claimGroup(this.groups.record(group), owner, this.#needsDirect(group));
  }

  /** End a claim of either kind, however often it was made; nothing without one. @throws `ERR_GROUP_ENDED` @see iommu_group_release_dma_owner() */
  releaseGroup(group: Group): void {
    ownership.releaseGroup(this.groups.record(group));
  }

  /** Claim the device's group, as iommufd does. @throws `ERR_REFUSED` with `ENODEV`, `EPERM` or `EINVAL` @see iommu_device_claim_dma_owner() */
  claimDevice(device: Device, owner: unknown): void {
    const group = this.#groupOf(device);
    if (!group) throw refused('ENODEV', `${device.name} has no group`);
    ownership.claimDevice(group, owner, this.#needsDirect(group));
  }

  /** Undo one {@link claimDevice}; the last frees the group. Nothing without a claim. @throws `ERR_DEVICE_UNKNOWN` @see iommu_device_release_dma_owner() */
  releaseDevice(device: Device): void {
    const group = this.#groupOf(device);
    if (group) ownership.releaseDevice(group);
  }

  /** Whether VFIO would call the group viable: no kernel driver uses its DMA. @see vfio_group_ioctl_get_status() */
  isViable(group: Group): boolean {
    const { ownerCount, owner } = this.groups.record(group);
    return ownerCount === 0 || owner !== undefined;
  }

  /** The files below a unit's directory, as its driver fills them now. */
  unitAttributes(unit: IommuUnit): Readonly<Record<string, string>> {
    const driver = this.drivers.find(({ units }) => units.has(unit));
    if (!driver) return {};
    const use = { translated: 0, identity: 0 };
    for (const group of this.groups) {
      const uses = group.devices.some((device) => this.#states.get(device)?.found?.unit === unit);
      if (uses && group.type) use[group.type === 'identity' ? 'identity' : 'translated']++;
    }
    const fill = () => driver.bound.unitAttributes?.(unit, use satisfies UnitUse);
    return callDriver(driver.name, 'unitAttributes', fill) ?? {};
  }
}
