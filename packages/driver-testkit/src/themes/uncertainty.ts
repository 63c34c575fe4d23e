import type { IommuDriver } from '@iommu/core';
import type { Machine, MachinePciFunction, RunningMachine } from '@iommu/machine';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { hasRefusals, type Partition, partitionOf } from '../observe.js';
import type { Choose } from '../random-machine.js';
import type { Subject } from '../subject.js';

/** The ACS of one function in three was not read, as in a dump that was taken without root. */
const forget = (machine: Machine, choose: Choose): Machine => {
  if (!machine.pci) return machine;
  const functions = machine.pci.functions.map((one): MachinePciFunction => {
    const { acs: _acs, ...rest } = one;
    return choose(3) === 0 && one.config === undefined ? rest : one;
  });
  return { ...machine, pci: { ...machine.pci, functions } };
};

/** Two devices that are together in `fine`, and not in `coarse`. */
const partedIn = (coarse: Partition, fine: Partition): string | undefined => {
  for (const [name, together] of fine) {
    const group = coarse.get(name);
    const other = group && together.find((one) => coarse.has(one) && !group.includes(one));
    if (other !== undefined) return `${name} and ${other}`;
  }
  return undefined;
};

const supposes = (running: RunningMachine, name: string): boolean =>
  [...(partitionOf(running).get(name) ?? [])].some((one) =>
    running.outcomeOf(running.device(one)).reasons.some(({ unknown }) => (unknown?.length ?? 0) > 0),
  );

/** About a machine as it is, and both answers where some of it is not known. */
interface Answers {
  readonly truth: RunningMachine;
  readonly pessimistic: RunningMachine;
  readonly optimistic: RunningMachine;
}

/** Machines of which all is known, and what is made of them where it is not; the same by the kernel's rule. */
const withUnknown = (subject: Subject, check: (answers: Answers, expected: Answers) => void): void =>
  subject.onAll((machine, choose) => {
    const partly = forget(machine, choose);
    const answersOf = (driver: IommuDriver): Answers => ({
      truth: subject.boot(machine, { driver }),
      pessimistic: subject.boot(partly, { driver, unknown: 'pessimistic' }),
      optimistic: subject.boot(partly, { driver, unknown: 'optimistic' }),
    });
    const answers = answersOf(subject.driver);
    if (answers.truth.topology.hasUnknown || Object.values(answers).some(hasRefusals)) return;
    check(answers, answersOf(subject.reference));
  });

/** What an answer without all facts gets wrong; `undefined`: the truth is between the two. */
const outOfBounds = ({ truth, pessimistic, optimistic }: Answers): string | undefined => {
  const [coarse, middle, fine] = [pessimistic, truth, optimistic].map(partitionOf) as [Partition, Partition, Partition];
  const low = partedIn(coarse, middle);
  if (low !== undefined) return `${low} share a group, and the pessimistic answer, without all facts, parts them`;
  const high = partedIn(middle, fine);
  return high === undefined
    ? undefined
    : `${high} are apart, and the optimistic answer, without all facts, has them together`;
};

/** A machine of which something is not known has no truth to compare with. */
const lacks = (subject: Subject): string | undefined =>
  subject.machines.some((machine) => !subject.boot(machine).topology.hasUnknown)
    ? undefined
    : 'of every machine given something is not known';

/** What the input does not hold: bounded, named, and never made up. */
export const uncertaintyCases = defineCases('uncertainty', [
  {
    id: 'bounds',
    title: 'has the truth between its pessimistic and its optimistic answer',
    lacks,
    check: (subject) =>
      withUnknown(subject, (answers, expected) => {
        // Where a bridge is behind no unit, the kernel's own rule has no bounds.
        const wrong = outOfBounds(expected) === undefined ? outOfBounds(answers) : undefined;
        demand(wrong === undefined, () => wrong ?? '');
      }),
  },
  {
    id: 'named',
    title: 'names what it had to suppose where that decides',
    lacks,
    check: (subject) =>
      withUnknown(subject, ({ pessimistic, optimistic }) => {
        const fine = partitionOf(optimistic);
        for (const [name, together] of partitionOf(pessimistic)) {
          if (fine.get(name)?.join() === together.join()) continue;
          demand(
            supposes(pessimistic, name),
            () => `the group of ${name} rests on facts that are not known, and no reason in it names one`,
          );
        }
      }),
  },
  {
    id: 'settled',
    title: 'supposes nothing where all is known',
    lacks,
    check: (subject) =>
      subject.onAll((machine) => {
        const running = subject.boot(machine);
        if (running.topology.hasUnknown) return;
        for (const device of running.devices) {
          const [supposed] = running.outcomeOf(device).reasons.flatMap(({ unknown = [] }) => unknown);
          demand(supposed === undefined, () => `${device.name}: '${supposed}' was supposed, and is known`);
        }
      }),
  },
]);
