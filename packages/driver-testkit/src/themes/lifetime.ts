import type { Group } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { boundIn } from '../observe.js';
import { spied } from '../spied.js';
import { bringBack, takeAllOut } from '../unplugging.js';

const ROUNDS = 3;

const groupsOf = ({ iommu }: RunningMachine): Group[] => [...iommu.groups];

/** References that neither members nor, one for each unit, units hold. */
const excess = (running: RunningMachine): Group | undefined =>
  groupsOf(running).find(({ references, devices }) => references > devices.length + running.iommu.units.length);

const checkReferences = (running: RunningMachine): void => {
  const group = excess(running);
  demand(
    group === undefined,
    () => `group ${group?.id} of ${group?.devices.length} members is held ${group?.references} times`,
  );
  const empty = groupsOf(running).filter(({ devices }) => devices.length === 0);
  const units = running.iommu.units.length;
  demand(empty.length <= units, () => `${empty.length} groups without members are kept by ${units} units`);
};

const grouped = (running: RunningMachine): string[] =>
  running.devices
    .filter((device) => running.outcomeOf(device).group)
    .map(({ name }) => name)
    .sort();

/** References, groups and claims: what is taken is given back. */
export const lifetimeCases = defineCases('lifetime', [
  {
    id: 'references',
    title: 'takes one reference for each device, on the group that it returns',
    check: (subject) => subject.onAll((machine) => checkReferences(subject.boot(machine))),
  },
  {
    id: 'groups-end',
    title: 'lets a group end with its last member, but for one that a unit keeps',
    check: (subject) =>
      subject.onAll((machine) => {
        const running = subject.boot(machine);
        takeAllOut(running);
        checkReferences(running);
      }),
  },
  {
    id: 'no-growth',
    title: 'holds no more after devices went and came back many times',
    check: (subject) =>
      subject.onAll((machine) => {
        const running = subject.boot(machine);
        const count = () =>
          groupsOf(running).reduce((sum, { references, devices }) => sum + references - devices.length, 0);
        takeAllOut(running);
        const before = count();
        for (let round = 0; round < ROUNDS; round++) {
          bringBack(subject, running);
          takeAllOut(running);
        }
        demand(
          count() <= before,
          () => `references besides those of members: ${before}, after ${ROUNDS} rounds ${count()}`,
        );
      }),
  },
  {
    id: 'claims',
    title: 'gives back what a device claimed when it leaves',
    lacks: (subject) => {
      const bound = subject.machines.map((machine) => boundIn(subject.boot(machine)));
      return bound.some((one) => one?.probeDevice || one?.releaseDevice) ? undefined : 'it declares no probeDevice()';
    },
    check: (subject) =>
      subject.onAll((machine) => {
        const running = subject.boot(machine);
        takeAllOut(running);
        bringBack(subject, running);
        const first = grouped(running);
        for (let round = 0; round < ROUNDS; round++) {
          takeAllOut(running);
          bringBack(subject, running);
        }
        const lost = first.find((name) => !grouped(running).includes(name));
        demand(lost === undefined, () => `${lost} has no group any more after it left and came back`);
      }),
  },
  {
    id: 'access-ends',
    title: 'uses the groups only during the call that it was given them for',
    check: (subject) =>
      subject.onAll((machine) => {
        const { driver } = spied(subject.driver);
        const running = subject.boot(machine, { driver });
        takeAllOut(running);
        bringBack(subject, running);
      }),
  },
]);
