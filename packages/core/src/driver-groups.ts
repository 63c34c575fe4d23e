import type { Device } from './device.js';
import type { GroupAccess } from './driver.js';
import { IommuError } from './errors.js';
import type { Group } from './group.js';
import type { GroupTable } from './group-table.js';
import { runAll } from './run-all.js';

const NONE: readonly Group[] = [];

/**
 * The groups as one driver call sees them, with every reference that the call took written down: whatever the driver
 * does, {@link settle} leaves the table with the references that the contract allows and no others.
 */
export class DriverGroups implements GroupAccess {
  readonly #table: GroupTable;
  // Made when needed and as small as can be: there is one call for each device.
  #held: Group[] | undefined = undefined;
  #kept: Group[] | undefined = undefined;

  constructor(table: GroupTable) {
    this.#table = table;
  }

  alloc(): Group {
    return this.#hold(this.#table.alloc());
  }

  get(device: Device): Group | undefined {
    const group = this.#table.get(device);
    return group && this.#hold(group);
  }

  ref(group: Group): Group {
    return this.#hold(this.#table.ref(group));
  }

  put(group: Group): void {
    const at = this.#held?.lastIndexOf(group) ?? -1;
    if (at < 0) {
      throw new IommuError('ERR_GROUP_REFERENCE', `put of group ${group.id}, of which this call holds no reference`);
    }
    this.#held?.splice(at, 1);
    this.#table.put(group);
  }

  keep(group: Group): void {
    const kept = this.#table.ref(group);
    if (this.#kept) this.#kept.push(kept);
    else this.#kept = [kept];
  }

  setName(group: Group, name: string | undefined): void {
    this.#table.setName(group, name);
  }

  setData(group: Group, data: unknown, release?: (data: unknown) => void): void {
    this.#table.setData(group, data, release);
  }

  #hold(group: Group): Group {
    if (this.#held) this.#held.push(group);
    else this.#held = [group];
    return group;
  }

  /**
   * End the call.
   *
   * @param returned - The group that the driver returned; `undefined` when it refused or threw.
   * @returns What is wrong with the references that the driver held; all that it should not hold were given back.
   */
  settle(returned: Group | undefined): string | undefined {
    const held = this.#held ?? [];
    const at = returned === undefined ? -1 : held.indexOf(returned);
    if (at >= 0) held.splice(at, 1);
    let problem: string | undefined;
    if (returned && at < 0) problem = `returned group ${returned.id} without a reference on it`;
    else if (held.length > 0) problem = `kept a reference on group ${held[0]?.id}`;
    if (problem === undefined) return undefined;
    const unwanted = held.splice(0);
    if (returned && at >= 0) unwanted.push(returned);
    runAll(unwanted.map((group) => () => this.#table.put(group)));
    return problem;
  }

  /** The references that the unit shall hold from now on; asked once a call. */
  takeKept(): readonly Group[] {
    const kept = this.#kept ?? NONE;
    this.#kept = undefined;
    return kept;
  }
}
