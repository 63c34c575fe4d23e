import { noDomain } from './core-reasons.js';
import type { Device } from './device.js';
import { type DomainDemand, type DomainWish, domainDemand, obtainDomain } from './domain-choice.js';
import type { Refusal } from './driver.js';
import type { Errno } from './errors.js';
import type { Emitter } from './events.js';
import type { DomainType, Group } from './group.js';
import type { GroupRecord } from './group-table.js';
import { callDriver, type DeviceState } from './prober.js';

/** The default domains of groups: what their members' drivers demand, what can be had. */
export class DefaultDomains {
  readonly #states: ReadonlyMap<Device, DeviceState>;
  readonly #events: Emitter;
  /** What a group gets when nobody has an opinion. */
  readonly system: DomainType;

  constructor(states: ReadonlyMap<Device, DeviceState>, system: DomainType, events: Emitter) {
    this.#states = states;
    this.system = system;
    this.#events = events;
  }

  demand(group: Group): DomainDemand {
    return domainDemand(group.devices.map((device) => this.#wish(device)));
  }

  #wish(device: Device): DomainWish {
    const driver = this.#states.get(device)?.driver;
    const type =
      driver?.bound.defaultDomainType &&
      callDriver(driver.name, 'defaultDomainType', () => driver.bound.defaultDomainType?.(device));
    return { untrusted: device.untrusted === true, type };
  }

  /** Why no domain of the type can be had for the group. */
  error(group: Group, type: DomainType): Errno | undefined {
    for (const device of group.devices) {
      const driver = this.#states.get(device)?.driver;
      const error =
        driver?.bound.domainError &&
        callDriver(driver.name, 'domainError', () => driver.bound.domainError?.(device, type));
      if (error) return error;
    }
    return undefined;
  }

  /** Give a group its first domain. @see iommu_setup_default_domain() */
  setUp(group: GroupRecord): Refusal | undefined {
    const demand = this.demand(group);
    if (demand === 'conflict') return { errno: 'EINVAL', reason: noDomain(group, demand) };
    const { type, errno } = obtainDomain(demand ?? this.system, demand !== undefined, (wanted) =>
      this.error(group, wanted),
    );
    if (errno) return { errno, reason: noDomain(group, demand) };
    this.change(group, type);
    return undefined;
  }

  change(group: GroupRecord, type: DomainType | undefined): void {
    group.type = type;
    this.#events.emit({ type: 'type-changed', group });
  }
}
