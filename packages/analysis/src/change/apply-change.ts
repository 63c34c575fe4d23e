import type { IommuDriver } from '@iommu/core';
import { type Machine, type MachineNote, policyNamed } from '@iommu/machine';
import { layOut } from '@iommu/machine/build';
import { formatBus } from '@iommu/pci';
import { setAcs } from './acs-change.js';
import { type AddChange, type BypassChange, type Change, impossible, type TableChange } from './change.js';
import { describeTree } from './describe-tree.js';
import { add, move, readdress, remove, swap } from './edit-tree.js';
import { followAddresses } from './follow-addresses.js';
import { followFirmware } from './follow-firmware.js';
import { addCommandLine, setKernel } from './kernel-change.js';
import { numberBuses } from './number-buses.js';
import { drawnFunctions, type PciTree, spelled, spelledBus, topologyOf, treeOf } from './pci-tree.js';
import { setVirtualFunctions } from './virtual-functions.js';

/** What a change takes along. */
export interface ChangeOptions {
  /** They write the firmware tables of their kind anew where hardware moves; without them tables stay as they are. */
  readonly drivers?: readonly IommuDriver[];
}

/** A machine after a change. */
export interface ChangedMachine {
  /** Holds nothing of what was observed of groups: it is another machine now. */
  readonly machine: Machine;
  /** Rules to boot it with, in place of those of its kernel. */
  readonly policy: string | undefined;
  /** From the address before to the one now, of every PCI function that is still there. */
  readonly addresses: ReadonlyMap<string, string>;
  /** What the change could only suppose, and what it does not do. */
  readonly notes: readonly MachineNote[];
}

/** Every function where it is, by machine. */
const known = new WeakMap<Machine, ReadonlyMap<string, string>>();

const unmoved = (machine: Machine): ReadonlyMap<string, string> => {
  const found = known.get(machine);
  if (found) return found;
  const names = machine.pci?.functions.map(({ address }) => spelled(address));
  const addresses = new Map(names?.map((name) => [name, name]));
  known.set(machine, addresses);
  return addresses;
};

/** From the addresses before two changes to those after both. */
const followed = (first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>): Map<string, string> => {
  const addresses = new Map<string, string>();
  for (const [was, between] of first) {
    const now = second.get(between);
    if (now !== undefined) addresses.set(was, now);
  }
  return addresses;
};

const sameAddresses = (before: Machine, machine: Machine, notes: readonly MachineNote[] = []): ChangedMachine => ({
  machine,
  policy: undefined,
  addresses: unmoved(before),
  notes,
});

/** Move hardware about, number buses anew, and let everything that names addresses follow. */
const rebuild = (machine: Machine, edit: (tree: PciTree) => void, drivers: readonly IommuDriver[]): ChangedMachine => {
  const tree = treeOf(machine, topologyOf(machine));
  edit(tree);
  numberBuses(tree);
  const { functions, addresses } = describeTree(tree, machine.pci?.functions ?? []);
  const moved: Machine = { ...machine, pci: { ...machine.pci, functions } };
  const followed = followAddresses(machine, moved, addresses);
  const { machine: after, notes } = followFirmware(machine, followed.machine, addresses, drivers);
  return { machine: after, policy: undefined, addresses, notes: [...followed.notes, ...notes] };
};

const draw = ({ card }: AddChange): ReturnType<typeof drawnFunctions> =>
  drawnFunctions(layOut([{ devices: card.devices }]).functions);

const TABLE = /^[A-Z0-9]{4}\d*$/;

const replaceTable = (machine: Machine, { table, bytes }: TableChange): Machine => {
  if (!TABLE.test(table)) throw impossible(`'${table}' is no ACPI table; expected four letters, as in DMAR`);
  const { firmware } = machine;
  return { ...machine, firmware: { ...firmware, acpi: { ...firmware?.acpi, [table]: bytes } } };
};

/** The functions on a root bus and on all below it. */
const below = (machine: Machine, rootBus: string): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { pciBus, name } of topologyOf(machine).devices) {
    let root = pciBus;
    while (root.parent) root = root.parent;
    if (formatBus(root.segment, root.number) === rootBus) names.add(name);
  }
  return names;
};

const bypass = (machine: Machine, { bus }: BypassChange, drivers: readonly IommuDriver[]): ChangedMachine => {
  const bypassed = below(machine, spelledBus(bus) ?? bus);
  if (bypassed.size === 0)
    throw impossible(`there is no root bus ${bus} on this machine; expected one such as 0000:00`);
  const addresses = unmoved(machine);
  const { machine: after, notes } = followFirmware(machine, machine, addresses, drivers, bypassed);
  if (after === machine)
    throw impossible(`no firmware table of this machine that can be written anew names what is below root bus ${bus}`);
  return { machine: after, policy: undefined, addresses, notes };
};

const change = (machine: Machine, what: Change, drivers: readonly IommuDriver[]): ChangedMachine => {
  switch (what.kind) {
    case 'move':
      return rebuild(machine, (tree) => move(tree, what), drivers);
    case 'swap':
      return rebuild(machine, (tree) => swap(tree, what), drivers);
    case 'readdress':
      return rebuild(machine, (tree) => readdress(tree, what), drivers);
    case 'add':
      return rebuild(machine, (tree) => add(tree, what, draw(what)), drivers);
    case 'remove':
      return rebuild(machine, (tree) => remove(tree, what), drivers);
    case 'vfs':
      return rebuild(machine, (tree) => setVirtualFunctions(tree, what), drivers);
    case 'acs':
      return sameAddresses(machine, setAcs(machine, what));
    case 'kernel':
      return sameAddresses(machine, setKernel(machine, what));
    case 'command-line':
      return sameAddresses(machine, ...addCommandLine(machine, what));
    case 'policy':
      return { ...sameAddresses(machine, machine), policy: policyNamed(what.name).name };
    case 'table':
      return sameAddresses(machine, replaceTable(machine, what));
    case 'bypass':
      return bypass(machine, what, drivers);
  }
};

/**
 * Change a machine.
 *
 * Where hardware moves, buses are numbered anew as firmware would, and everything that names an address follows: bridges,
 * virtual functions, probes, paths, and, with their drivers, firmware tables.
 *
 * @param machine - Left as it is; the result shares what did not change.
 * @throws IommuError `ERR_CHANGE` when the change cannot be made to this machine, `ERR_CHANGE_UNKNOWN` when the
 * description does not hold what tells its outcome, `ERR_POLICY`, and what a description of contradictions throws in
 * `boot()`.
 */
export const applyChange = (machine: Machine, what: Change, { drivers = [] }: ChangeOptions = {}): ChangedMachine => {
  const changed = change(machine, what, drivers);
  const { observed, ...rest } = changed.machine;
  return observed === undefined ? changed : { ...changed, machine: rest };
};

/** A change whose addresses are as they were at first, made to a machine on which they may have moved. */
const translated = (what: Change, addresses: ReadonlyMap<string, string>): Change => {
  const now = (address: string): string => {
    const known = addresses.get(spelled(address));
    return known ?? address;
  };
  switch (what.kind) {
    case 'move':
      return { ...what, device: now(what.device), to: now(what.to) };
    case 'swap':
      return { ...what, device: now(what.device), with: now(what.with) };
    case 'add':
      return { ...what, to: now(what.to) };
    case 'readdress':
    case 'remove':
    case 'vfs':
    case 'acs':
      return { ...what, device: now(what.device) };
    default:
      return what;
  }
};

/**
 * Change a machine several times, one after the other. Addresses in all of the changes are those of the machine as given.
 *
 * @throws IommuError as {@link applyChange}; also `ERR_CHANGE` for two policies.
 */
export const applyChanges = (
  machine: Machine,
  changes: readonly Change[],
  options: ChangeOptions = {},
): ChangedMachine => {
  const before = sameAddresses(machine, machine);
  let result = before;
  for (const what of changes) {
    const next = applyChange(result.machine, translated(what, result.addresses), options);
    if (next.policy !== undefined && result.policy !== undefined)
      throw impossible(`there can be one policy only, not ${result.policy} and ${next.policy}`);
    result = {
      machine: next.machine,
      policy: next.policy ?? result.policy,
      addresses: result === before ? next.addresses : followed(result.addresses, next.addresses),
      notes: [...result.notes, ...next.notes],
    };
  }
  return result;
};
