import type { Device } from './device.js';
import { type DomainDemand, domainDemand, obtainDomain } from './domain-choice.js';
import { decideDomainWrite } from './domain-write.js';
import type { IommuDriver, IommuUnit, Platform, Refusal, UnitUse } from './driver.js';
import { IommuError, refused } from './errors.js';
import { Emitter, type Listener } from './events.js';
import type { DomainType, Group } from './group.js';
import { type GroupRecord, GroupTable } from './group-table.js';
import * as ownership from './ownership.js';
import { callDriver, contractError, type DeviceState, locate, type NamedDriver, probe } from './prober.js';
import type { Reason } from './reason.js';
import { insertReservedRegion, type ReservedRegion } from './reserved-regions.js';
import { runAll } from './run-all.js';
import { type SystemDomain, systemDomain, systemDomainType } from './system-domain.js';

/** What became of one device. */
export interface DeviceOutcome {
  /** Lent: no reference is taken. `undefined`: the device has no group. */
  readonly group: Group | undefined;
  readonly unit: IommuUnit | undefined;
  /** The ids that it presents to the unit. */
  readonly ids: readonly number[];
  /** Why this group, in the order in which the reasons were weighed; or, without a group, why none: at least one. */
  readonly reasons: readonly Reason[];
}

/** A kernel driver, as far as DMA ownership goes. */
export interface KernelDriver {
  readonly name: string;
  /** `driver_managed_dma`: binding it does not count as a user of the group's DMA. */
  readonly managesDma?: boolean;
}

/** Who writes to a file. Both default to true. */
export interface Capabilities {
  readonly sysAdmin?: boolean;
  readonly sysRawio?: boolean;
}

export interface IommuOptions {
  readonly platform: Platform;
  /** A device goes to the first driver that knows it. */
  readonly drivers: readonly IommuDriver[];
  /** The order in which a registering unit looks through the buses; a bus not listed comes last. */
  readonly buses?: readonly string[];
}

/** The groups of one running machine: devices come and go, units register, kernel drivers bind, domains change. */
export class Iommu {
  readonly groups: GroupTable;
  readonly drivers: readonly NamedDriver[];
  readonly #events = new Emitter();
  readonly #platform: Platform;
  readonly #buses: readonly string[];
  readonly #states = new Map<Device, DeviceState>();
  /** Registered units, each with the groups that it keeps. */
  readonly #units = new Map<IommuUnit, Group[]>();
  readonly #system: SystemDomain;
  #registered = false;

  /**
   * Bind the drivers; nothing is grouped until {@link registerUnits}.
   *
   * @throws `ERR_DRIVER_SPEC_VERSION`, `ERR_DRIVER_CONTRACT`, or what a driver's `bind()` throws.
   */
  constructor({ platform, drivers, buses = [] }: IommuOptions) {
    this.groups = new GroupTable(this.#events);
    this.#platform = platform;
    this.#buses = buses;
    this.drivers = drivers.flatMap((driver) => bind(driver, platform));
    const system = systemDomain(platform.kernel);
    this.#system = {
      passthrough: system.passthrough || this.drivers.some(({ bound }) => bound.systemDomain === 'identity'),
      strict: system.strict || this.drivers.some(({ bound }) => bound.forcesStrict),
    };
    for (const device of platform.devices) this.#states.set(device, newState(device));
  }

  /** @returns A function that takes the listener off. */
  on(listener: Listener): () => void {
    return this.#events.on(listener);
  }

  /** The units that registered, in order. */
  get units(): readonly IommuUnit[] {
    return [...this.#units.keys()];
  }

  /** The devices that exist, in the order of their registration. */
  get devices(): readonly Device[] {
    return [...this.#states.keys()];
  }

  /** What a group gets when nobody has an opinion. */
  get systemType(): DomainType {
    return systemDomainType(this.#platform.kernel, this.#system);
  }

  /**
   * Register every unit, and with it group the devices behind it.
   *
   * One unit after the other, so ids are handed out unit by unit; before 6.1 all of a driver's units at once, so in
   * device order. A unit whose registration fails is gone, and its devices have no IOMMU.
   *
   * @throws `ERR_DRIVER_CONTRACT`; the unit concerned is undone. From `unitOf()`: no unit was registered, and the call
   * may be repeated.
   * @see Linux v6.1 drivers/iommu/iommu.c iommu_device_register(), bus_iommu_probe()
   */
  registerUnits(): void {
    if (this.#registered) return;
    for (const state of this.#states.values()) locate(state, this.drivers);
    this.#registered = true;
    const ranks = new Map(this.#buses.map((bus, rank) => [bus, rank]));
    const rank = (state: DeviceState) => ranks.get(state.device.bus) ?? this.#buses.length;
    const states = [...this.#states.values()].filter((state) => state.found);
    if (states.some((state) => rank(state) !== rank(states[0] as DeviceState))) {
      states.sort((a, b) => rank(a) - rank(b));
    }
    const allAtOnce = this.#platform.kernel.rule('unit-registration') === 'all-at-once';
    for (const driver of this.drivers) {
      const { units } = driver.bound;
      if (allAtOnce)
        this.#register(
          units,
          states.filter((state) => state.driver === driver),
        );
      else
        for (const unit of units)
          this.#register(
            [unit],
            states.filter((state) => state.found?.unit === unit),
          );
    }
  }

  #register(units: readonly IommuUnit[], states: readonly DeviceState[]): void {
    for (const unit of units) {
      this.#units.set(unit, []);
      this.#events.emit({ type: 'unit-added', unit });
    }
    let refusal: Refusal | undefined;
    try {
      for (const state of states) {
        if (state.driver?.bound.groupsAt === 'driver-probe') continue;
        refusal = this.#probe(state);
        if (refusal) break;
      }
      for (const state of refusal ? [] : states) {
        const group = this.#withoutDomain(state);
        if (group) refusal ??= this.#setDefaultDomain(group);
      }
    } catch (error) {
      this.#unregister(units, states, undefined);
      throw error;
    }
    const failure = refusal && this.#unregister(units, states, refusal.reason);
    if (failure !== undefined) throw failure;
  }

  /** @returns What a driver threw meanwhile; all is undone all the same. */
  #unregister(units: readonly IommuUnit[], states: readonly DeviceState[], reason: Reason | undefined): unknown {
    const failure = runAll([
      ...states.filter(({ decision }) => decision).map((state) => () => this.#release(state)),
      ...units.flatMap((unit) => (this.#units.get(unit) ?? []).map((group) => () => this.groups.put(group))),
    ]);
    for (const state of states) {
      state.found = undefined;
      if (reason) state.none ??= reason;
    }
    for (const unit of units) {
      this.#units.delete(unit);
      this.#events.emit({ type: 'unit-removed', unit });
    }
    return failure;
  }

  /** The group that a driver chose for the device, while it has no default domain. */
  #withoutDomain({ device, decision }: DeviceState): GroupRecord | undefined {
    const group = this.groups.of(device) as GroupRecord | undefined;
    return group !== undefined && group === decision?.group && group.type === undefined ? group : undefined;
  }

  /** @returns A refusal that undoes the unit; a mere `ENODEV` is written down and forgotten. */
  #probe(state: DeviceState): Refusal | undefined {
    const kept = state.found && this.#units.get(state.found.unit);
    if (!kept || this.groups.of(state.device)) return undefined;
    const refusal = probe(state, this.groups, (group) => kept.push(group));
    state.none = refusal?.reason;
    return refusal?.errno === 'ENODEV' ? undefined : refusal;
  }

  /** Group a device outside the bulk walk: its group's domain is set at once. */
  #probeAlone(state: DeviceState): void {
    this.#probe(state);
    const group = this.#withoutDomain(state);
    if (!group) return;
    let refusal: Refusal | undefined;
    try {
      refusal = this.#setDefaultDomain(group);
    } catch (error) {
      runAll([() => this.#release(state)]);
      throw error;
    }
    if (refusal) {
      state.none = refusal.reason;
      this.#release(state);
    }
  }

  #demand(group: Group): DomainDemand {
    return domainDemand(
      group.devices.map((device) => {
        const driver = this.#states.get(device)?.driver;
        const ask = () => driver?.bound.defaultDomainType?.(device);
        return {
          untrusted: device.untrusted === true,
          type: driver && callDriver(driver.name, 'defaultDomainType', ask),
        };
      }),
    );
  }

  #domainError(group: Group, type: DomainType) {
    for (const device of group.devices) {
      const driver = this.#states.get(device)?.driver;
      const error = driver && callDriver(driver.name, 'domainError', () => driver.bound.domainError?.(device, type));
      if (error) return error;
    }
    return undefined;
  }

  #setDefaultDomain(group: GroupRecord): Refusal | undefined {
    const demand = this.#demand(group);
    if (demand === 'conflict') return { errno: 'EINVAL', reason: noDomain(group, demand) };
    const { type, errno } = obtainDomain(demand ?? this.systemType, demand !== undefined, (wanted) =>
      this.#domainError(group, wanted),
    );
    if (errno) return { errno, reason: noDomain(group, demand) };
    group.type = type;
    this.#events.emit({ type: 'type-changed', group });
    return undefined;
  }

  /** Undo everything that grouping did to a device. */
  #release(state: DeviceState): void {
    const { driver, decision, device } = state;
    try {
      if (this.groups.of(device)) this.groups.leave(device);
    } finally {
      state.decision = undefined;
      if (driver && decision) callDriver(driver.name, 'releaseDevice', () => driver.bound.releaseDevice?.(device));
    }
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
      locate(state, this.drivers);
      if (state.driver?.bound.groupsAt !== 'driver-probe') this.#probeAlone(state);
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
      this.#release(state);
    } finally {
      this.#states.delete(device);
    }
  }

  /** What became of the device. @throws `ERR_DEVICE_UNKNOWN` */
  outcomeOf(device: Device): DeviceOutcome {
    const { driver, found, decision, none } = this.#state(device);
    const group = this.groups.of(device);
    if (group) {
      const byDriver = decision?.group === group;
      return {
        group,
        unit: byDriver ? found?.unit : undefined,
        ids: byDriver ? (found?.ids ?? []) : [],
        reasons: byDriver ? decision.reasons : [joinedByHand(device)],
      };
    }
    const reason = none ?? (driver ? waiting(device, driver.name) : unclaimed(device));
    return { group, unit: undefined, ids: [], reasons: [reason] };
  }

  /** The group's reserved regions: sorted, merged, up to the first member that has no IOMMU. @see iommu_get_group_resv_regions() */
  reservedRegions(group: Group): readonly ReservedRegion[] {
    const list: ReservedRegion[] = [];
    for (const device of this.groups.record(group).devices) {
      const state = this.#states.get(device);
      const { driver, decision } = state ?? {};
      if (!driver || decision?.group !== group) break;
      const regions = callDriver(driver.name, 'reservedRegions', () => [...driver.bound.reservedRegions(device)]);
      for (const region of regions) insertReservedRegion(list, region);
    }
    return list;
  }

  /**
   * A kernel driver is about to be probed for the device: the device is grouped if that waited for this, and the
   * driver becomes a user of the group's DMA unless it manages DMA itself.
   *
   * @throws `ERR_REFUSED` with `EBUSY` when the device has a driver or an owner holds the group; `EPROBE_DEFER`.
   * @see really_probe(), iommu_device_use_default_domain()
   */
  bindDriver(device: Device, driver: KernelDriver): void {
    const state = this.#state(device);
    if (state.kernelDriver) throw refused('EBUSY', `${device.name} is bound to ${state.kernelDriver.name}`);
    if (state.driver?.bound.groupsAt === 'driver-probe') this.#probeAlone(state);
    const group = this.#groupOf(device);
    const usesDma = group !== undefined && !driver.managesDma;
    if (usesDma) ownership.useDefaultDomain(group);
    if (group) this.#events.emit({ type: 'bind-driver', group, device });
    state.kernelDriver = { name: driver.name, usesDma };
    if (group) this.#events.emit({ type: 'bound-driver', group, device });
  }

  /** @throws `ERR_DEVICE_UNKNOWN` when the device has no driver. @see iommu_device_unuse_default_domain() */
  unbindDriver(device: Device): void {
    const state = this.#state(device);
    if (!state.kernelDriver) throw new IommuError('ERR_DEVICE_UNKNOWN', `${device.name} has no driver`);
    const group = this.#groupOf(device);
    if (group) this.#events.emit({ type: 'unbind-driver', group, device });
    if (group && state.kernelDriver.usesDma) ownership.unuseDefaultDomain(group);
    state.kernelDriver = undefined;
    if (group) this.#events.emit({ type: 'unbound-driver', group, device });
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
      demand: this.#demand(record),
      system: this.systemType,
      domainError: (wanted) => this.#domainError(record, wanted),
      rule: (this.#platform.kernel.rule('domain-type-write') ?? 'owner') as 'none' | 'single-device' | 'owner',
      flushQueue: this.#platform.kernel.rule('domain-type-fq') !== 'no',
    });
    if (type !== record.type) {
      record.type = type;
      this.#events.emit({ type: 'type-changed', group });
    }
    return text.length;
  }

  #needsDirect(group: Group): boolean {
    return this.reservedRegions(group).some(({ type }) => type === 'direct');
  }

  /** Claim the group for one owner, as VFIO does. @throws `ERR_REFUSED` with `EPERM` or `EINVAL` @see iommu_group_claim_dma_owner() */
  claimGroup(group: Group, owner: unknown): void {
    ownership.claimGroup(this.groups.record(group), owner, this.#needsDirect(group));
  }

  /** @see iommu_group_release_dma_owner() */
  releaseGroup(group: Group): void {
    ownership.releaseGroup(this.groups.record(group));
  }

  /** Claim the device's group, as iommufd does. @throws `ERR_REFUSED` with `ENODEV`, `EPERM` or `EINVAL` @see iommu_device_claim_dma_owner() */
  claimDevice(device: Device, owner: unknown): void {
    const group = this.#groupOf(device);
    if (!group) throw refused('ENODEV', `${device.name} has no group`);
    ownership.claimDevice(group, owner, this.#needsDirect(group));
  }

  /** @see iommu_device_release_dma_owner() */
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
    const driver = this.drivers.find(({ bound }) => bound.units.includes(unit));
    const use = { translated: 0, identity: 0 };
    for (const group of this.groups) {
      const uses = group.devices.some((device) => this.#states.get(device)?.found?.unit === unit);
      if (uses && group.type) use[group.type === 'identity' ? 'identity' : 'translated']++;
    }
    const fill = () => driver?.bound.unitAttributes?.(unit, use satisfies UnitUse);
    return (driver && callDriver(driver.name, 'unitAttributes', fill)) ?? {};
  }
}

const newState = (device: Device): DeviceState => ({
  device,
  driver: undefined,
  found: undefined,
  decision: undefined,
  none: undefined,
  kernelDriver: undefined,
});

const bind = (driver: IommuDriver, platform: Platform): NamedDriver[] => {
  const { name, specVersion } = driver;
  if (specVersion !== 1) {
    throw new IommuError(
      'ERR_DRIVER_SPEC_VERSION',
      `driver ${name} follows version ${String(specVersion)} of the driver contract; this core speaks version 1`,
    );
  }
  const bound = callDriver(name, 'bind', () => driver.bind(platform));
  if (bound === undefined) return [];
  const names = new Set(bound?.units?.map((unit) => unit.name));
  if (names.size !== bound?.units?.length) throw contractError(name, 'has units without distinct names');
  return [{ name, bound }];
};

const noDomain = (group: Group, demand: DomainDemand): Reason => ({
  rule: 'no-default-domain',
  text:
    demand === 'conflict'
      ? 'An untrusted device cannot have the identity domain that a driver insists on.'
      : `${demand ? `${demand} is forced, and no such` : 'No default'} domain can be had.`,
  source: 'iommu_setup_default_domain()',
  devices: group.devices.slice(),
});

const joinedByHand = (device: Device): Reason => ({
  rule: 'joined-by-hand',
  text: `${device.name} was put into its group by hand; no IOMMU translates it.`,
  source: 'iommu_group_add_device()',
  devices: [device],
});

const waiting = (device: Device, driver: string): Reason => ({
  rule: 'waits-for-driver',
  text: `${driver} groups ${device.name} only when a kernel driver is probed for it.`,
  source: 'really_probe()',
  devices: [device],
});

const unclaimed = (device: Device): Reason => ({
  rule: 'no-iommu',
  text: `No IOMMU driver knows ${device.name}.`,
  source: 'iommu_probe_device()',
  devices: [device],
});
