import type { RunningMachine } from '@iommu/machine';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { boundIn, regionsIn } from '../observe.js';
import type { Subject } from '../subject.js';
import { bringBack, takeAllOut } from '../unplugging.js';
import { requireRegion } from '../well-formed.js';

/** @param when - What happened since `before`; devices that have a group only at one time do not count. */
const requireSame = (before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, when: string): void => {
  for (const [name, regions] of before) {
    const now = after.get(name) ?? regions;
    demand(now === regions, () => `regions of ${name} ${when}: '${now}', before '${regions}'`);
  }
};

const booted = (subject: Subject, check: (running: RunningMachine) => void): void =>
  subject.onAll((machine) => check(subject.boot(machine)));

/** Reserved regions: their form, and that they belong to the device. */
export const regionCases = defineCases('regions', [
  {
    id: 'form',
    title: 'tells regions with both ends inclusive, in 64 bits, of a kind that there is',
    check: (subject) =>
      booted(subject, (running) => {
        const bound = boundIn(running);
        for (const device of running.devices) {
          if (!bound || !running.outcomeOf(device).group) continue;
          for (const region of bound.reservedRegions(device)) requireRegion(region, device.name);
        }
      }),
  },
  {
    id: 'same-answer',
    title: 'tells the same regions of a device however often and in whatever order it is asked',
    check: (subject) =>
      booted(subject, (running) => {
        const first = regionsIn(running);
        requireSame(first, regionsIn(running), 'asked again');
        requireSame(first, regionsIn(running, [...running.devices].reverse()), 'asked backwards');
      }),
  },
  {
    id: 'after-return',
    title: 'tells the same regions of a device that left and came back',
    check: (subject) =>
      booted(subject, (running) => {
        const before = regionsIn(running);
        takeAllOut(running);
        bringBack(subject, running);
        requireSame(before, regionsIn(running), 'after all devices left and came back');
      }),
  },
]);
