import type { GroupAccess, GroupDecision, IommuDriver } from '@iommu/core';
import { type BootOptions, boot, type Machine, type RunningMachine } from '@iommu/machine';
import { isPciDevice, pciDeviceGroup } from '@iommu/pci';
import fc from 'fast-check';
import { altered } from './altered.js';
import { type ConformanceOptions, failure } from './conformance-case.js';
import { boundIn } from './observe.js';
import { type Choose, chooser, randomMachine } from './random-machine.js';

/** What is done with a machine; it throws when something is wrong. */
export type Check = (machine: Machine, choose: Choose) => void;

/** For making a machine smaller, in milliseconds. */
const SHRINKING = 2_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The driver under test, and what it is tried on. */
export class Subject {
  readonly driver: IommuDriver;
  readonly machines: readonly Machine[];
  readonly #runs: number;
  readonly #seed: number;
  readonly #salted: number;

  /** @param id - Of the case: each has random machines of its own. */
  constructor({ driver, machines, runs = 100, seed = 1 }: ConformanceOptions, id: string) {
    this.driver = driver;
    this.machines = machines;
    this.#runs = runs;
    this.#seed = seed;
    this.#salted = [...id].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, seed);
  }

  /** Boot with the driver alone; a driver that groups as kernel drivers are probed gets a probe for every device. */
  boot(
    machine: Machine,
    {
      driver = this.driver,
      ...options
    }: Partial<Omit<BootOptions, 'drivers'>> & { readonly driver?: IommuDriver } = {},
  ): RunningMachine {
    const running = boot(machine, { ...options, drivers: [driver] });
    this.probe(running);
    return running;
  }

  /** Probe for every device that waits for it. */
  probe(running: RunningMachine): void {
    if (boundIn(running)?.groupsAt !== 'driver-probe') return;
    for (const device of running.devices) if (!running.outcomeOf(device).group) running.iommu.probeDriver(device);
  }

  /** Check every given machine. */
  onGiven(check: Check): void {
    for (const [at, machine] of this.machines.entries()) {
      try {
        check(machine, chooser(this.#seed));
      } catch (error) {
        throw failure(`on ${machine.name ?? `machine ${at + 1} of those given`}: ${messageOf(error)}`, error);
      }
    }
  }

  /** Check every given machine, then random ones; what fails is made as small as it gets. */
  onAll(check: Check): void {
    this.onGiven(check);
    const property = fc.property(randomMachine(this.machines), fc.nat(), (machine, salt) =>
      check(machine, chooser(salt)),
    );
    const seed = this.#salted;
    const first = fc.check(property, { numRuns: this.#runs, seed, endOnFailure: true });
    if (!first.failed) return;
    const path = first.counterexamplePath ?? '';
    const details = fc.check(property, { seed, path, interruptAfterTimeLimit: SHRINKING });
    const { counterexample, errorInstance, numShrinks } = details.counterexample ? details : first;
    const [machine, salt] = counterexample ?? [];
    throw failure(
      `on a random machine: ${messageOf(errorInstance)}\nseed ${this.#seed}, machine ${path}, made smaller ${numShrinks} times, choices by ${salt}:\n  ${fc.stringify(machine)}`,
      errorInstance,
    );
  }

  /** The same driver, but PCI devices are grouped by the kernel's rule, and others alone. */
  get reference(): IommuDriver {
    return altered(this.driver, () => ({
      deviceGroup(device, groups: GroupAccess): GroupDecision {
        if (isPciDevice(device)) return pciDeviceGroup(device, groups);
        const reason = { rule: 'alone', text: 'It is no PCI device.', source: 'the kit', devices: [device] };
        return { group: groups.alloc(), reasons: [reason] };
      },
    }));
  }
}
