import type { Contested } from './contested.js';
import type { DefaultDomains } from './default-domains.js';
import type { Device } from './device.js';
import type { BoundDriver, IommuDriver, IommuUnit, Platform, Refusal } from './driver.js';
import { requireSpecVersion } from './driver-from.js';
import type { Emitter } from './events.js';
import type { Group } from './group.js';
import type { GroupRecord, GroupTable } from './group-table.js';
import { callDriver, contractError, type DeviceState, locate, type NamedDriver, NO_REASONS, probe } from './prober.js';
import type { Reason } from './reason.js';
import { runAll } from './run-all.js';

/** Bind a driver to the machine. @returns One driver, or none when the machine has no hardware of its kind. */
export const bind = (driver: IommuDriver, platform: Platform): NamedDriver[] => {
  const { name, specVersion } = driver;
  requireSpecVersion(name, specVersion);
  const bound = callDriver(name, 'bind', () => driver.bind(platform));
  if (bound === undefined) return [];
  const names = new Set(bound?.units?.map((unit) => unit.name));
  if (names.size !== bound?.units?.length) throw contractError(name, 'has units without distinct names');
  return [{ name, bound, units: new Set(bound.units) }];
};

/** What registration works on; all of it belongs to the `Iommu`. */
export interface RegistrationParts {
  readonly groups: GroupTable;
  readonly states: ReadonlyMap<Device, DeviceState>;
  readonly drivers: readonly NamedDriver[];
  readonly domains: DefaultDomains;
  readonly events: Emitter;
  readonly contested: Contested;
}

/** Units that register and unregister, and the devices that are probed meanwhile. */
export class Registration {
  readonly #parts: RegistrationParts;
  /** The units that there are, each with the groups that it keeps. */
  readonly units = new Map<IommuUnit, Group[]>();
  /** Units whose registration was undone, and why. */
  readonly #undone = new Map<IommuUnit, Reason>();

  constructor(parts: RegistrationParts) {
    this.#parts = parts;
  }

  /**
   * @param buses - In the order in which a unit looks through them.
   * @param allAtOnce - All units of a driver register before any device is probed.
   */
  registerAll(buses: readonly string[], allAtOnce: boolean): void {
    const { drivers } = this.#parts;
    const ranks = new Map(buses.map((bus, rank) => [bus, rank]));
    const rank = (state: DeviceState) => ranks.get(state.device.bus) ?? buses.length;
    const states = [...this.#parts.states.values()].sort((a, b) => rank(a) - rank(b));
    const byUnit = new Map<unknown, DeviceState[]>();
    for (const state of states) {
      const key = allAtOnce ? state.driver : state.found?.unit;
      const list = byUnit.get(key);
      if (list) list.push(state);
      else byUnit.set(key, [state]);
    }
    for (const driver of drivers) {
      const { bound } = driver;
      if (allAtOnce) this.#register(bound, bound.units, byUnit.get(driver) ?? []);
      else for (const unit of bound.units) this.#register(bound, [unit], byUnit.get(unit) ?? []);
    }
  }

  #register(bound: BoundDriver, units: readonly IommuUnit[], states: readonly DeviceState[]): void {
    const { domains, events } = this.#parts;
    for (const unit of units) {
      this.units.set(unit, []);
      events.emit({ type: 'unit-added', unit });
    }
    let refusal: Refusal | undefined;
    try {
      for (const state of states) {
        if (bound.groupsAt === 'driver-probe') break;
        refusal = this.#probe(state);
        if (refusal) break;
      }
      for (const state of refusal ? [] : states) {
        const group = this.#withoutDomain(state);
        if (group) refusal ??= domains.setUp(group);
      }
    } catch (error) {
      this.#undo(units, states, undefined);
      this.#remove(units);
      throw error;
    }
    if (!refusal) return;
    const failure = this.#undo(units, states, refusal.reason);
    for (const unit of units) this.#undone.set(unit, refusal.reason);
    if (!bound.keepsUndoneUnits) this.#remove(units);
    if (failure !== undefined) throw failure;
  }

  #remove(units: readonly IommuUnit[]): void {
    for (const unit of units) {
      this.units.delete(unit);
      this.#parts.events.emit({ type: 'unit-removed', unit });
    }
  }

  /** @returns What a driver threw meanwhile; all is undone all the same. */
  #undo(units: readonly IommuUnit[], states: readonly DeviceState[], reason: Reason | undefined): unknown {
    const { groups } = this.#parts;
    const failure = runAll([
      ...states.filter(({ chosen }) => chosen).map((state) => () => this.release(state)),
      ...units.flatMap((unit) => (this.units.get(unit)?.splice(0) ?? []).map((group) => () => groups.put(group))),
    ]);
    for (const state of states) {
      state.found = undefined;
      state.none ??= reason;
    }
    return failure;
  }

  /** The group that a driver chose for the device, while it has no default domain. */
  #withoutDomain({ device, chosen }: DeviceState): GroupRecord | undefined {
    const group = this.#parts.groups.of(device) as GroupRecord | undefined;
    return group !== undefined && group === chosen && group.type === undefined ? group : undefined;
  }

  /** @returns A refusal that undoes the unit; a mere `ENODEV` is written down and forgotten. */
  #probe(state: DeviceState): Refusal | undefined {
    const { groups } = this.#parts;
    const unit = state.found?.unit;
    const undone = unit && this.#undone.get(unit);
    if (undone) state.none = undone;
    const kept = unit && !undone ? this.units.get(unit) : undefined;
    if (!kept || groups.of(state.device)) return undefined;
    const refusal = probe(state, groups, (group) => kept.push(group));
    state.none = refusal?.reason;
    return refusal?.errno === 'ENODEV' ? undefined : refusal;
  }

  /** A device appears after registration. */
  arrive(state: DeviceState): void {
    const { drivers, contested } = this.#parts;
    locate(state, drivers, contested);
    if (state.driver?.bound.groupsAt !== 'driver-probe') this.probeAlone(state);
  }

  /** Group a device outside the bulk walk: its group's domain is set at once. */
  probeAlone(state: DeviceState): void {
    this.#probe(state);
    const group = this.#withoutDomain(state);
    if (!group) return;
    let refusal: Refusal | undefined;
    try {
      refusal = this.#parts.domains.setUp(group);
    } catch (error) {
      runAll([() => this.release(state)]);
      throw error;
    }
    if (refusal) {
      state.none = refusal.reason;
      this.release(state);
    }
  }

  /** Undo everything that grouping did to a device. */
  release(state: DeviceState): void {
    const { groups } = this.#parts;
    const { driver, chosen, device } = state;
    try {
      if (groups.of(device)) groups.leave(device);
    } finally {
      state.chosen = undefined;
      state.reasons = NO_REASONS;
      if (driver && chosen) callDriver(driver.name, 'releaseDevice', () => driver.bound.releaseDevice?.(device));
    }
  }
}
