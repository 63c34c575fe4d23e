import type { Device } from '@iommu/core';
import type { Machine, RunningMachine } from '@iommu/machine';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { partedFounders, watchJoins } from '../founders.js';
import { boundIn, foundFor, hasRefusals, partitionOf, partitionText, regionsIn } from '../observe.js';
import type { Choose } from '../random-machine.js';
import type { Subject } from '../subject.js';
import { bringBack, isAtOrBehind, removable, takeAllOut } from '../unplugging.js';

const STEPS = 6;

/** What is done with a running machine; twice the same where the choices are. */
type Act = (running: RunningMachine) => void;

/** Units, ids, regions and whether there is a group, of every device. */
const places = (running: RunningMachine): string[] => {
  const bound = boundIn(running);
  const regions = regionsIn(running);
  return running.devices
    .map((device: Device) => {
      const found = bound && foundFor(bound, device);
      const place = found ? `${found.unit} as ${found.ids.join(',')}` : 'no unit';
      return `${device.name}: ${place}, ${running.outcomeOf(device).group ? `grouped, regions ${regions.get(device.name)}` : 'no group'}`;
    })
    .sort();
};

/** Whether the driver refuses some of these devices, or of what is behind them, even as they arrive for the first time. */
const refusesArrivals = (subject: Subject, machine: Machine, leaving: readonly string[]): boolean => {
  const all = subject.boot(machine);
  const gone = new Set(
    all.devices
      .filter((device) => leaving.some((name) => isAtOrBehind(device, all.device(name))))
      .map(({ name }) => name),
  );
  const functions = machine.pci?.functions ?? [];
  const pci = { ...machine.pci, functions: functions.filter(({ address }) => !gone.has(address)) };
  const running = subject.boot({ ...machine, pci });
  running.plug(functions.filter(({ address }) => gone.has(address)));
  subject.probe(running);
  return hasRefusals(running);
};

/**
 * Do something to the driver's machine and to one with the kernel's rule, and compare.
 *
 * @param leaving - Who leaves; absent: several, in an order in which some may be refused for want of the others.
 */
const checkAct = (subject: Subject, machine: Machine, act: Act, leaving?: readonly string[]): void => {
  const running = subject.boot(machine);
  if (hasRefusals(running)) return;
  const expected = subject.boot(machine, { driver: subject.reference });
  const [before, expectedBefore, there] = [
    partitionText(partitionOf(running)),
    partitionText(partitionOf(expected)),
    places(running),
  ];
  const joinedUnnamed = watchJoins(running);
  act(running);
  act(expected);
  if (hasRefusals(running) && (!leaving || refusesArrivals(subject, machine, leaving))) return;
  const now = places(running);
  const at = there.findIndex((line, index) => line !== now[index]);
  demand(at < 0, () => `what was '${there[at]}' is '${now[at]}' after it left and came back`);
  const parted = partedFounders(running, partitionOf(expected));
  demand(
    parted === undefined,
    () => `${parted?.one} and ${parted?.other}, which belong together, are in two groups after they left and came back`,
  );
  const unnamed = joinedUnnamed();
  demand(
    unnamed === undefined,
    () => `${unnamed?.name} came back into a group, and its reasons name none of the others in it`,
  );
  // The kernel's own rule may depend on who was there first.
  if (partitionText(partitionOf(expected)) !== expectedBefore) return;
  const after = partitionText(partitionOf(running));
  demand(after === before, () => `the groups are\n${after}\nand were\n${before}`);
};

const takeOne = (subject: Subject, running: RunningMachine, name: string): void => {
  running.removeDevice(running.device(name));
  bringBack(subject, running);
};

const names = (subject: Subject, machine: Machine): string[] =>
  removable(subject.boot(machine)).map(({ name }) => name);

const storm = (subject: Subject, list: readonly string[], choose: Choose): Act => {
  const steps = Array.from({ length: STEPS }, () => list[choose(list.length)] ?? '');
  return (running) => {
    for (const [at, name] of steps.entries()) {
      const device = running.find(name);
      if (device) running.removeDevice(device);
      if (at % 3 === 2) bringBack(subject, running);
    }
    bringBack(subject, running);
  };
};

/** Devices leave and come back while the machine runs. */
export const hotPlugCases = defineCases('hot-plug', [
  {
    id: 'one',
    title: 'has a device that left and came back as it was',
    check: (subject) =>
      subject.onAll((machine, choose) => {
        const list = names(subject, machine);
        const name = list[choose(list.length)];
        if (name !== undefined) checkAct(subject, machine, (running) => takeOne(subject, running, name), [name]);
      }),
  },
  {
    id: 'all',
    title: 'has all devices as they were when all left and came back',
    check: (subject) =>
      subject.onAll((machine) =>
        checkAct(
          subject,
          machine,
          (running) => {
            takeAllOut(running);
            bringBack(subject, running);
          },
          names(subject, machine),
        ),
      ),
  },
  {
    id: 'storm',
    title: 'has all devices as they were when several left and came back in any order',
    check: (subject) =>
      subject.onAll((machine, choose) => {
        const list = names(subject, machine);
        if (list.length > 0) checkAct(subject, machine, storm(subject, list, choose));
      }),
  },
]);
