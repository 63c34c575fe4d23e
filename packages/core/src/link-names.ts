import type { Device } from './device.js';

/** A group with more members than this keeps a set of its link names. */
const LINEAR_SEARCH_LIMIT = 16;

/** The names of a group's links below `devices/`: the device's own, unless another member has that already. */
export class LinkNames {
  /** Those that got a suffix. */
  readonly #suffixed = new Map<Device, string>();
  /** All of them, once a search would be slow. */
  #taken: Set<string> | undefined = undefined;

  of(device: Device): string {
    return this.#suffixed.get(device) ?? device.name;
  }

  /** A device joins the members: its link gets the first name that is free. */
  add(device: Device, members: readonly Device[]): void {
    const { name } = device;
    let link = name;
    for (let suffix = 0; this.#isTaken(link, members); suffix++) link = `${name}.${suffix}`;
    if (link !== name) this.#suffixed.set(device, link);
    this.#taken?.add(link);
  }

  delete(device: Device): void {
    this.#taken?.delete(this.of(device));
    this.#suffixed.delete(device);
  }

  #isTaken(name: string, members: readonly Device[]): boolean {
    if (members.length <= LINEAR_SEARCH_LIMIT) return members.some((member) => this.of(member) === name);
    this.#taken ??= new Set(members.map((member) => this.of(member)));
    return this.#taken.has(name);
  }
}
