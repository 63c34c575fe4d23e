import type { Device } from './device.js';
import { IommuError } from './errors.js';
import type { Emitter } from './events.js';
import type { DomainType, Group } from './group.js';
import { IdAllocator } from './id-allocator.js';
import { LinkNames } from './link-names.js';

const NO_DEVICES: readonly Device[] = [];

/** A group with what only core may touch. There is one for nearly every device: rarely used members are kept apart. */
export class GroupRecord implements Group {
  devices: readonly Device[] = NO_DEVICES;
  references = 1;
  name: string | undefined = undefined;
  type: DomainType | undefined = undefined;
  /** The driver's private data, and what is to be called with it when the group ends. */
  stored: { readonly data: unknown; readonly release: ((data: unknown) => void) | undefined } | undefined = undefined;
  /** How many drivers or owners use the group's DMA. */
  ownerCount = 0;
  /** Who claimed it exclusively. */
  owner: unknown = undefined;
  readonly id: number;
  readonly #table: GroupTable;
  /** Made for the second member. */
  #links: LinkNames | undefined = undefined;

  constructor(table: GroupTable, id: number) {
    this.#table = table;
    this.id = id;
  }

  get data(): unknown {
    return this.stored?.data;
  }

  get linkNames(): readonly string[] {
    return this.devices.map((device) => this.#links?.of(device) ?? device.name);
  }

  /** A new last member. */
  add(device: Device): void {
    // Most groups have one member: an array with room for one.
    if (this.devices.length === 0) {
      this.devices = [device];
      return;
    }
    this.#links ??= new LinkNames();
    this.#links.add(device, this.devices);
    (this.devices as Device[]).push(device);
  }

  delete(device: Device): void {
    this.#links?.delete(device);
    (this.devices as Device[]).splice(this.devices.indexOf(device), 1);
  }

  [Symbol.dispose](): void {
    this.#table.put(this);
  }
}

const noReference = ({ id, devices, references }: GroupRecord, call: string): IommuError =>
  new IommuError(
    'ERR_GROUP_REFERENCE',
    `${call} on group ${id}: its ${devices.length} members hold all ${references} references; the caller has none left`,
  );

/**
 * All groups, their members and the references that keep them: Linux `iommu_group_*()`.
 *
 * A group starts with the one reference of whoever allocated it, and each member holds one. When the last goes, the
 * group ends: its directory, its private data and its id, in one step.
 */
export class GroupTable implements Iterable<Group> {
  /** By id: ids are dense, as the lowest free one is given out. */
  readonly #groups: (GroupRecord | undefined)[] = [];
  #size = 0;
  readonly #groupOf = new Map<Device, GroupRecord>();
  readonly #ids = new IdAllocator();
  readonly #events: Emitter;

  constructor(events: Emitter) {
    this.#events = events;
  }

  /** The groups that exist, by ascending id. Lends them: no reference is taken. */
  *[Symbol.iterator](): Generator<Group, void> {
    for (const group of this.#groups) if (group) yield group;
  }

  /** How many groups exist. */
  get size(): number {
    return this.#size;
  }

  /** The group with this id, lent: no reference is taken. */
  byId(id: number): Group | undefined {
    return this.#groups[id];
  }

  /** The device's group, lent: no reference is taken. */
  of(device: Device): Group | undefined {
    return this.#groupOf.get(device);
  }

  /** A new group with the lowest free id; the caller owns its one reference. @see iommu_group_alloc() */
  alloc(): Group {
    const group = new GroupRecord(this, this.#ids.alloc());
    this.#groups[group.id] = group;
    this.#size++;
    this.#events.emit({ type: 'group-added', group });
    return group;
  }

  /** The device's group and one more reference, which the caller owns. @see iommu_group_get() */
  get(device: Device): Group | undefined {
    const group = this.#groupOf.get(device);
    if (group) group.references++;
    return group;
  }

  /** One more reference, which the caller owns. @throws `ERR_GROUP_ENDED` @see iommu_group_ref_get() */
  ref(group: Group): Group {
    this.record(group).references++;
    return group;
  }

  /**
   * Give a reference back; the last one ends the group. `undefined` is accepted.
   *
   * @throws `ERR_GROUP_REFERENCE` when only the members' own references are left: one was given back twice.
   * @throws `ERR_GROUP_ENDED`
   * @see iommu_group_put()
   */
  put(group: Group | undefined): void {
    if (!group) return;
    const record = this.record(group);
    if (record.references <= record.devices.length) throw noReference(record, 'put');
    this.#drop(record);
  }

  /**
   * Join by hand, as VFIO's no-IOMMU devices do: the device has no IOMMU and takes a reference of its own.
   *
   * @throws `ERR_DEVICE_GROUPED` when the device is in a group already.
   * @throws `ERR_GROUP_ENDED`
   * @see iommu_group_add_device()
   */
  join(group: Group, device: Device): void {
    const record = this.record(group);
    this.#admit(record, device);
    record.references++;
    this.#enter(record, device);
  }

  /**
   * The driver's way in: the caller's reference becomes the device's. Same errors as {@link join}, and
   * `ERR_GROUP_REFERENCE` when there is none besides the members'.
   */
  adopt(group: Group, device: Device): void {
    const record = this.record(group);
    this.#admit(record, device);
    if (record.references <= record.devices.length) throw noReference(record, `adopt of ${device.name}`);
    this.#enter(record, device);
  }

  /**
   * Take a device out of its group and drop its reference.
   *
   * @throws `ERR_DEVICE_UNKNOWN` when it is in none.
   * @see iommu_group_remove_device()
   */
  leave(device: Device): void {
    const group = this.#groupOf.get(device);
    if (!group) throw new IommuError('ERR_DEVICE_UNKNOWN', `${device.name} is in no group`);
    this.#events.emit({ type: 'del-device', group, device });
    group.delete(device);
    this.#groupOf.delete(device);
    if (group.devices.length === 0) {
      group.type = undefined;
      group.ownerCount = 0;
      group.owner = undefined;
    }
    this.#events.emit({ type: 'device-left', group, device });
    this.#drop(group);
  }

  /**
   * Visit the members in join order until one visit returns something.
   *
   * @returns What that visit returned, or `undefined` when all were visited.
   * @see iommu_group_for_each_dev()
   */
  forEachDevice<T>(group: Group, visit: (device: Device) => T | undefined): T | undefined {
    for (const device of [...this.record(group).devices]) {
      const result = visit(device);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  /**
   * Set the `name` file, or remove it with `undefined`.
   *
   * @throws `ERR_REFUSED` with `ENOMEM` for `undefined` on a group that has no name, as the kernel does.
   * @see iommu_group_set_name()
   */
  setName(group: Group, name: string | undefined): void {
    const record = this.record(group);
    if (name === undefined && record.name === undefined) {
      throw new IommuError('ERR_REFUSED', `ENOMEM: group ${group.id} has no name to remove`, { errno: 'ENOMEM' });
    }
    record.name = name;
    this.#events.emit({ type: 'name-changed', group });
  }

  /** Store private data; `release` is called with it once, when the group ends. @see iommu_group_set_iommudata() */
  setData(group: Group, data: unknown, release?: (data: unknown) => void): void {
    this.record(group).stored = { data, release };
  }

  /** @internal The group as core knows it. @throws `ERR_GROUP_ENDED` when it has ended or is of another table. */
  record(group: Group): GroupRecord {
    const record = this.#groups[group.id];
    if (record !== group) {
      throw new IommuError('ERR_GROUP_ENDED', `group ${group.id} has ended: its last reference was given back`);
    }
    return record;
  }

  #admit(group: GroupRecord, device: Device): void {
    const other = this.#groupOf.get(device);
    if (other) {
      throw new IommuError(
        'ERR_DEVICE_GROUPED',
        `${device.name} cannot join group ${group.id}: it is in group ${other.id}`,
        { errno: 'EEXIST' },
      );
    }
  }

  #enter(group: GroupRecord, device: Device): void {
    group.add(device);
    this.#groupOf.set(device, group);
    this.#events.emit({ type: 'add-device', group, device });
  }

  #drop(group: GroupRecord): void {
    if (--group.references > 0) return;
    this.#groups[group.id] = undefined;
    this.#size--;
    try {
      group.stored?.release?.(group.stored.data);
    } finally {
      this.#ids.free(group.id);
      this.#events.emit({ type: 'group-removed', group });
    }
  }
}
