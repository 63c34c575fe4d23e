import type { IommuDriver } from '@iommu/core';
import {
  type Machine,
  type MachineKernel,
  type MachinePciFunction,
  type RunningMachine,
  toldArch,
} from '@iommu/machine';
import { type AcsRegisters, formatAcsFlags } from '@iommu/pci';
import { followAddresses } from '../change/follow-addresses.js';
import { followFirmware } from '../change/follow-firmware.js';
import { spelled } from '../change/pci-tree.js';

export type SideName = 'before' | 'after';

const other = (side: SideName): SideName => (side === 'before' ? 'after' : 'before');

/** Of which of two machines each part of a third is. */
export interface Mix {
  readonly hardware: SideName;
  /** The release, and how it was built. */
  readonly kernel: SideName;
  readonly commandLine: SideName;
  /** Firmware tables that are not of the side `firmware`, by name. */
  readonly firmware: SideName;
  readonly otherTables: ReadonlySet<string>;
  /** What is known of the IOMMUs' own registers. */
  readonly units: SideName;
  /** Which kernel drivers were probed, and which are bound. */
  readonly probes: SideName;
  /** ACS bits, and the kernel that they were read under. */
  readonly acs: SideName;
  /** Functions, by their names before, whose bits are the other side's. */
  readonly otherAcs: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** A machine as it is on one side. */
export const wholly = (side: SideName): Mix => ({
  hardware: side,
  kernel: side,
  commandLine: side,
  firmware: side,
  otherTables: NONE,
  units: side,
  probes: side,
  acs: side,
  otherAcs: NONE,
});

/** The name under which a device tree stands among tables. */
export const DEVICE_TREE = 'device tree';

const stated = (registers: number | undefined, name: 'capability' | 'control') =>
  registers === undefined ? {} : { [name]: formatAcsFlags(registers) };

const statedAcs = (acs: AcsRegisters | null): NonNullable<MachinePciFunction['acs']> | null =>
  acs && { ...stated(acs.capability, 'capability'), ...stated(acs.control, 'control') };

/** Two machines, and which device of one is which of the other, to be mixed. */
export class Mixer {
  readonly #machines: Readonly<Record<SideName, Machine>>;
  readonly #running: Readonly<Record<SideName, RunningMachine>>;
  /** From the names of a side to those of the other. */
  readonly #names: Readonly<Record<SideName, ReadonlyMap<string, string>>>;
  readonly #drivers: readonly IommuDriver[];
  /** What the machine of one side would be on the hardware of the other. */
  readonly #carried = new Map<SideName, Machine>();

  constructor(
    before: RunningMachine,
    after: RunningMachine,
    names: ReadonlyMap<string, string>,
    drivers: readonly IommuDriver[],
  ) {
    this.#running = { before, after };
    this.#machines = { before: before.machine, after: after.machine };
    this.#names = { before: names, after: new Map([...names].map(([was, now]) => [now, was])) };
    this.#drivers = drivers;
  }

  /** Nothing has another address, came or went: what one side says holds on the other as it stands. */
  get isSameHardware(): boolean {
    const [a, b] = [this.#running.before, this.#running.after].map(({ topology }) => topology.devices);
    const names = this.#names.before;
    return a?.length === b?.length && (a ?? []).every(({ name }) => names.get(name) === name);
  }

  /** A machine's tables and probes, written for the other's hardware. */
  carried(side: SideName): Machine {
    const known = this.#carried.get(side);
    if (known) return known;
    const machine = this.#machines[side];
    const carried = this.isSameHardware ? machine : this.#carry(side, machine);
    this.#carried.set(side, carried);
    return carried;
  }

  #carry(side: SideName, machine: Machine): Machine {
    const names = this.#names[side];
    const { pci } = this.#machines[other(side)];
    const moved = followAddresses(machine, { ...machine, ...(pci && { pci }) }, names).machine;
    return followFirmware(machine, { ...moved, ...(pci && { pci }) }, names, this.#drivers).machine;
  }

  /** A part of one side for the hardware of another. */
  #on(hardware: SideName, side: SideName): Machine {
    return hardware === side ? this.#machines[side] : this.carried(side);
  }

  mix(mix: Mix): Machine {
    const { hardware, name, devices, pci } = { ...this.#machines[mix.hardware], hardware: mix.hardware };
    const probes = this.#on(hardware, mix.probes).probes;
    const { units } = this.#machines[mix.units];
    const firmware = this.#firmware(mix);
    return {
      schema: 1,
      ...(name !== undefined && { name }),
      kernel: this.#kernel(mix),
      ...(firmware && { firmware }),
      ...(pci && { pci: this.#pci(mix) }),
      ...(devices && { devices }),
      ...(probes && { probes }),
      ...(units && { units }),
    };
  }

  #kernel(mix: Mix): MachineKernel {
    const { commandLine: _own, ...kernel } = this.#machines[mix.kernel].kernel ?? {};
    const { commandLine } = this.#machines[mix.commandLine].kernel ?? {};
    // The architecture may stand only in the other release.
    const arch = toldArch(this.#machines[mix.hardware].kernel);
    return { ...(arch !== undefined && { arch }), ...kernel, ...(commandLine !== undefined && { commandLine }) };
  }

  #firmware({ hardware, firmware: side, otherTables }: Mix): Machine['firmware'] {
    const own = this.#on(hardware, side).firmware;
    if (!own || otherTables.size === 0) return own;
    const others = this.#on(hardware, other(side)).firmware;
    const acpi = { ...own.acpi };
    for (const table of otherTables) {
      const bytes = others?.acpi?.[table];
      if (bytes === undefined) delete acpi[table];
      else acpi[table] = bytes;
    }
    const deviceTree = (otherTables.has(DEVICE_TREE) ? others : own)?.deviceTree;
    return { acpi, ...(deviceTree !== undefined && { deviceTree }) };
  }

  #pci(mix: Mix): NonNullable<Machine['pci']> {
    const { hardware } = mix;
    const { acsRead: _read, acsReadUnder: _under, ...pci } = this.#machines[hardware].pci ?? { functions: [] };
    const source = this.#machines[mix.acs];
    const { release, commandLine } = source.kernel ?? {};
    const under = source.pci?.acsReadUnder ?? {
      ...(release !== undefined && { release }),
      ...(commandLine !== undefined && { commandLine }),
    };
    return {
      ...pci,
      functions: pci.functions.map((one) => this.#function(mix, one)),
      ...(source.pci?.acsRead && { acsRead: source.pci.acsRead }),
      acsReadUnder: under,
    };
  }

  #function({ hardware, acs, otherAcs, probes }: Mix, description: MachinePciFunction): MachinePciFunction {
    const name = spelled(description.address);
    const counterpart = this.#names[hardware].get(name);
    if (counterpart === undefined) return description;
    const before = hardware === 'before' ? name : counterpart;
    const acsSide = otherAcs.has(before) ? other(acs) : acs;
    let result = description;
    if (probes !== hardware) {
      const driver = this.#driverOf(probes, counterpart);
      const { driver: _driver, ...rest } = description;
      result = { ...rest, ...(driver !== undefined && { driver }) };
    }
    return acsSide === hardware ? result : this.#withAcs(result, name, acsSide, counterpart);
  }

  #driverOf(side: SideName, name: string): string | null | undefined {
    const device = this.#running[side].topology.find(name);
    return device?.description.driver;
  }

  #withAcs(description: MachinePciFunction, name: string, side: SideName, counterpart: string): MachinePciFunction {
    const own = this.#running[other(side)].topology.find(name)?.facts.acs;
    const acs = this.#running[side].topology.find(counterpart)?.facts.acs;
    // Registers of 32 bits cannot be stated apart from the bytes that they are read from.
    if (acs === undefined || acs?.dwords || own?.dwords) return description;
    return { ...description, acs: statedAcs(acs) };
  }
}
