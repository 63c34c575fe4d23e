/**
 * What the rules say of ids, members, references and owners, in the plainest way: devices are numbers, groups are
 * rows, every question is a search. Shares nothing with the package.
 *
 * Each call answers `ok` or the code of the error that the package must throw, and changes nothing then.
 */
export class ReferenceOracle {
  readonly rows: Row[] = [];
  readonly present = new Set<number>();
  /** Bound devices, and whether each counts as a user of its group's DMA. */
  readonly bound = new Map<number, boolean>();
  readonly #kinds: readonly DeviceKind[];
  readonly #waits: boolean;

  /** @param waits - Devices are grouped at their kernel driver's probe, not as they are added. */
  constructor(kinds: readonly DeviceKind[], waits: boolean) {
    this.#kinds = kinds;
    this.#waits = waits;
  }

  rowOf(device: number): Row | undefined {
    return this.rows.find(({ members }) => members.includes(device));
  }

  alloc(held: number): Row {
    let id = 0;
    while (this.rows.some((row) => row.id === id)) id++;
    const row: Row = { id, members: [], held, typed: false, users: 0, owner: undefined };
    this.rows.push(row);
    return row;
  }

  put(row: Row): string {
    if (row.held === 0) return 'ERR_GROUP_REFERENCE';
    row.held--;
    return this.#reap(row);
  }

  add(device: number): string {
    if (this.present.has(device)) return 'ERR_DEVICE_EXISTS';
    const answer = this.#waits ? 'ok' : this.#probe(device);
    if (answer === 'ok') this.present.add(device);
    return answer;
  }

  remove(device: number): string {
    if (!this.present.has(device)) return 'ERR_DEVICE_UNKNOWN';
    if (this.bound.has(device)) this.unbind(device);
    this.present.delete(device);
    return this.leave(device);
  }

  join(row: Row, device: number): string {
    if (this.rowOf(device)) return 'ERR_DEVICE_GROUPED EEXIST';
    row.members.push(device);
    return 'ok';
  }

  leave(device: number): string {
    const row = this.rowOf(device);
    if (!row) return 'ok';
    row.members.splice(row.members.indexOf(device), 1);
    if (row.members.length === 0) Object.assign(row, { typed: false, users: 0, owner: undefined });
    return this.#reap(row);
  }

  bind(device: number, managesDma: boolean): string {
    if (!this.present.has(device)) return 'ERR_DEVICE_UNKNOWN';
    if (this.bound.has(device)) return 'ERR_REFUSED EBUSY';
    const answer = this.#waits ? this.#probe(device) : 'ok';
    if (answer !== 'ok') return answer;
    const row = this.rowOf(device);
    const uses = row !== undefined && !managesDma;
    if (uses && !row.typed) return 'ERR_REFUSED EPROBE_DEFER';
    if (uses && row.owner !== undefined) return 'ERR_REFUSED EBUSY';
    if (uses) row.users++;
    this.bound.set(device, uses);
    return 'ok';
  }

  unbind(device: number): string {
    const uses = this.bound.get(device);
    if (uses === undefined) return 'ERR_DEVICE_UNKNOWN';
    this.bound.delete(device);
    const row = this.rowOf(device);
    if (uses && row) row.users--;
    return 'ok';
  }

  claimGroup(row: Row, owner: string): string {
    if (row.users !== 0) return 'ERR_REFUSED EPERM';
    Object.assign(row, { users: 1, owner });
    return 'ok';
  }

  claimDevice(device: number, owner: string): string {
    if (!this.present.has(device)) return 'ERR_DEVICE_UNKNOWN';
    const row = this.rowOf(device);
    if (!row) return 'ERR_REFUSED ENODEV';
    if (row.owner !== owner) return this.claimGroup(row, owner);
    row.users++;
    return 'ok';
  }

  releaseGroup(row: Row): string {
    if (row.owner !== undefined) Object.assign(row, { users: 0, owner: undefined });
    return 'ok';
  }

  releaseDevice(device: number): string {
    if (!this.present.has(device)) return 'ERR_DEVICE_UNKNOWN';
    const row = this.rowOf(device);
    if (row?.owner !== undefined && row.users === 1) return this.releaseGroup(row);
    if (row?.owner !== undefined) row.users--;
    return 'ok';
  }

  #probe(device: number): string {
    const kind = this.#kinds[device];
    if (this.rowOf(device) || kind === 'none' || kind === 'refused') return 'ok';
    if (kind === 'faulty') return 'ERR_DRIVER_CONTRACT';
    const mates = kind === 'together' ? [...this.#kinds.keys()].filter((n) => this.#kinds[n] === kind) : [];
    const row = mates.map((mate) => this.rowOf(mate)).find((found) => found !== undefined) ?? this.alloc(0);
    row.members.push(device);
    row.typed = true;
    return 'ok';
  }

  #reap(row: Row): string {
    if (row.held === 0 && row.members.length === 0) this.rows.splice(this.rows.indexOf(row), 1);
    return 'ok';
  }
}

/** How the driver treats a device: `faulty` has it break the contract, `none` is not behind its units. */
export type DeviceKind = 'alone' | 'together' | 'refused' | 'faulty' | 'none';

export interface Row {
  readonly id: number;
  readonly members: number[];
  /** References besides those of the members. */
  held: number;
  /** Whether it has a default domain. */
  typed: boolean;
  users: number;
  owner: string | undefined;
}
