import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import type { Device, Group, Iommu, IommuDriver } from '../src/index.js';
import { codeOf, nextId } from './support/observe.js';
import { type DeviceKind, ReferenceOracle, type Row } from './support/reference-oracle.js';
import { altered, boot, device, refusal, toyDriver } from './support/toy.js';

const KINDS: readonly DeviceKind[] = ['alone', 'alone', 'together', 'together', 'refused', 'faulty', 'none', 'none'];
const DEVICES = KINDS.map((kind, n) => device(`${kind}${n}`));
const OWNERS = ['vfio', 'iommufd'];

const kindOf = (wanted: Device): DeviceKind => KINDS[DEVICES.indexOf(wanted)] as DeviceKind;

/** Treats devices by their kind, and notes what it claimed for them. */
const driverOf = (claims: Set<Device>, waits: boolean): IommuDriver =>
  altered(
    toyDriver({
      units: { u: DEVICES.filter((one) => kindOf(one) !== 'none') },
      together: DEVICES.filter((one) => kindOf(one) === 'together'),
      groupsAt: waits ? 'driver-probe' : 'unit-registration',
      probeDevice: (wanted) => void claims.add(wanted),
      releaseDevice: (gone) => void claims.delete(gone),
    }),
    (bound) => ({
      deviceGroup: (wanted, groups) => {
        if (kindOf(wanted) === 'refused') return refusal('ENODEV');
        if (kindOf(wanted) === 'faulty') groups.alloc();
        return bound.deviceGroup(wanted, groups);
      },
    }),
  );

/** One machine and its oracle: every step does the same to both and compares what they answer. */
class Run {
  readonly claims = new Set<Device>();
  readonly iommu: Iommu;
  readonly oracle: ReferenceOracle;
  /** The references that the test owns, each with the row that the oracle has for its group. */
  readonly held: { readonly group: Group; readonly row: Row }[] = [];
  readonly byHand = new Set<number>();

  constructor(waits: boolean) {
    this.iommu = boot({ devices: [], drivers: [driverOf(this.claims, waits)] });
    this.oracle = new ReferenceOracle(KINDS, waits);
  }

  /** @returns Whether it was done: else both refused it with the same code. */
  both(expected: string, call: () => unknown): boolean {
    if (expected === 'ok') call();
    else expect(codeOf(call)).toBe(expected);
    return expected === 'ok';
  }

  /** The `n`th group, in the order of creation. */
  nth(n: number): { readonly group: Group; readonly row: Row } | undefined {
    const row = this.oracle.rows[n % Math.max(this.oracle.rows.length, 1)];
    return row && { row, group: this.iommu.groups.byId(row.id) ?? expect.fail(`there is no group ${row.id}`) };
  }

  compare(): void {
    const { iommu, oracle } = this;
    const groups = [...iommu.groups].map((group) => ({
      id: group.id,
      members: group.devices.map((member) => DEVICES.indexOf(member)),
      references: group.references,
      type: group.type,
      viable: iommu.isViable(group),
    }));
    const byId = oracle.rows.toSorted((a, b) => a.id - b.id);
    const rows = byId.map(({ id, members, held, typed, users, owner }) => ({
      id,
      members: [...members],
      references: members.length + held,
      type: typed ? 'DMA-FQ' : undefined,
      viable: users === 0 || owner !== undefined,
    }));
    expect(groups).toEqual(rows);
    expect(iommu.devices.map((one) => DEVICES.indexOf(one))).toEqual([...oracle.present]);
  }

  drop(n: number): void {
    for (const { group, row } of this.held.splice(n, 1))
      this.both(this.oracle.put(row), () => this.iommu.groups.put(group));
  }

  /** Only what joined by hand leaves by hand, and not under a bound driver. */
  leave(n: number): void {
    if (!this.byHand.has(n) || this.oracle.bound.has(n)) return;
    this.byHand.delete(n);
    this.both(this.oracle.leave(n), () => this.iommu.groups.leave(DEVICES[n] as Device));
  }

  remove(n: number): void {
    if (this.both(this.oracle.remove(n), () => this.iommu.removeDevice(DEVICES[n] as Device))) this.byHand.delete(n);
  }
}

interface Choice {
  /** A device. */
  readonly n: number;
  /** A group, a reference or an owner. */
  readonly m: number;
}

const deviceOf = ({ n }: Choice): Device => DEVICES[n] as Device;
const ownerOf = ({ m }: Choice): string => OWNERS[m % OWNERS.length] as string;

const STEPS: readonly ((run: Run, choice: Choice) => void)[] = [
  function add({ iommu, oracle, both }, choice) {
    both(oracle.add(choice.n), () => iommu.addDevice(deviceOf(choice)));
  },
  function remove(run, { n }) {
    run.remove(n);
  },
  function alloc({ iommu, oracle, held }) {
    held.push({ group: iommu.groups.alloc(), row: oracle.alloc(1) });
  },
  function hold({ iommu, oracle, held }, choice) {
    const group = iommu.groups.get(deviceOf(choice));
    const row = oracle.rowOf(choice.n);
    if (row) row.held++;
    expect(group?.id).toBe(row?.id);
    if (group && row) held.push({ group, row });
  },
  function release(run, { m }) {
    run.drop(m % Math.max(run.held.length, 1));
  },
  function releaseTooMuch(run, { m }) {
    const found = run.nth(m);
    if (found?.row.held === 0) run.both(run.oracle.put(found.row), () => run.iommu.groups.put(found.group));
  },
  function bind({ iommu, oracle, both }, choice) {
    const managesDma = choice.m % 2 === 0;
    both(oracle.bind(choice.n, managesDma), () => iommu.bindDriver(deviceOf(choice), { name: 'driver', managesDma }));
  },
  function unbind({ iommu, oracle, both }, choice) {
    both(oracle.unbind(choice.n), () => iommu.unbindDriver(deviceOf(choice)));
  },
  function join(run, choice) {
    const found = run.nth(choice.m);
    if (!found) return;
    const joined = run.both(run.oracle.join(found.row, choice.n), () =>
      run.iommu.groups.join(found.group, deviceOf(choice)),
    );
    if (joined) run.byHand.add(choice.n);
  },
  function leave(run, { n }) {
    run.leave(n);
  },
  function claimGroup(run, choice) {
    const found = run.nth(choice.n);
    const owner = ownerOf(choice);
    if (found) run.both(run.oracle.claimGroup(found.row, owner), () => run.iommu.claimGroup(found.group, owner));
  },
  function releaseGroup(run, { m }) {
    const found = run.nth(m);
    if (found) run.both(run.oracle.releaseGroup(found.row), () => run.iommu.releaseGroup(found.group));
  },
  function claimDevice({ iommu, oracle, both }, choice) {
    const owner = ownerOf(choice);
    both(oracle.claimDevice(choice.n, owner), () => iommu.claimDevice(deviceOf(choice), owner));
  },
  function releaseDevice({ iommu, oracle, both }, choice) {
    both(oracle.releaseDevice(choice.n), () => iommu.releaseDevice(deviceOf(choice)));
  },
];

const arbitraryStep = fc.record({
  step: fc.constantFrom(...STEPS),
  n: fc.nat(DEVICES.length - 1),
  m: fc.nat(7),
});

test('no reference leaks, whatever comes and goes, and ids, members, types and owners are as the rules say', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(arbitraryStep, { maxLength: 80, size: 'max' }), (waits, steps) => {
      const run = new Run(waits);
      for (const { step, ...choice } of steps) {
        step(run, choice);
        run.compare();
      }

      while (run.held.length > 0) run.drop(0);
      for (const n of [...run.oracle.present]) run.remove(n);
      for (const n of [...run.byHand]) run.leave(n);
      expect([...run.iommu.groups]).toEqual([]);
      expect(nextId(run.iommu.groups)).toBe(0);
      expect([...run.claims]).toEqual([]);
    }),
    { numRuns: runs(10_000, 1_000) },
  );
});
