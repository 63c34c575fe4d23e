import type { Machine, RunningMachine } from '@iommu/machine';
import { bridgeAbove, type PciDevice, realDmaDevice } from '@iommu/pci';
import { altered } from '../altered.js';
import { demand } from '../conformance-case.js';
import { defineCases } from '../define-cases.js';
import { expectedPartition } from '../founders.js';
import { decisions, difference, hasRefusals, partitionOf, partitionText } from '../observe.js';
import type { Choose } from '../random-machine.js';

const ORDERS = 3;

/** Some order in which what a function hangs on comes before it. */
const parentsFirst = ({ topology }: RunningMachine, choose: Choose): string[] => {
  const waiting = [...topology.devices];
  const placed = new Set<PciDevice | undefined>([undefined]);
  const order: string[] = [];
  while (waiting.length > 0) {
    const ready = waiting.filter((device) => {
      const host = realDmaDevice(device);
      return (
        (host === device || placed.has(host)) && placed.has(bridgeAbove(device)) && placed.has(device.physicalFunction)
      );
    });
    const next = (ready[choose(ready.length)] ?? waiting[0]) as PciDevice;
    placed.add(next);
    waiting.splice(waiting.indexOf(next), 1);
    order.push(next.name);
  }
  return order;
};

const inOrder = (machine: Machine, order: readonly string[]): Machine =>
  machine.pci ? { ...machine, pci: { ...machine.pci, order } } : machine;

/** What the order of devices and of questions must not decide. */
export const orderCases = defineCases('order', [
  {
    id: 'partition',
    title: 'makes the same groups in every order in which parents come before children',
    check: (subject) =>
      subject.onAll((machine, choose) => {
        const running = subject.boot(machine);
        if (hasRefusals(running)) return;
        const [mine, expected] = [partitionOf(running), expectedPartition(subject, machine)].map(partitionText);
        for (let n = 0; n < ORDERS; n++) {
          const other = inOrder(machine, parentsFirst(running, choose));
          // Where the kernel's own rule depends on the order, a driver may, too.
          if (partitionText(expectedPartition(subject, other)) !== expected) continue;
          const found = partitionText(partitionOf(subject.boot(other)));
          demand(
            found === mine,
            () => `in the order ${other.pci?.order?.join(' ')} the groups are\n${found}\nand not\n${mine}`,
          );
        }
      }),
  },
  {
    id: 'ids',
    title: 'leaves no id out',
    check: (subject) =>
      subject.onAll((machine) => {
        const { iommu } = subject.boot(machine);
        const ids = [...iommu.groups].map(({ id }) => id);
        const at = ids.findIndex((id, index) => id !== index);
        demand(at < 0, () => `no group has the id ${at}, and some have higher ones`);
      }),
  },
  {
    id: 'asking',
    title: 'decides the same whoever asked about which device before',
    check: (subject) =>
      subject.onAll((machine, choose) => {
        const curious = altered(subject.driver, (bound, { devices }) => {
          for (let n = 0; n < devices.length; n++) {
            const device = devices[choose(devices.length)];
            if (device && bound.unitOf(device)) bound.unitOf(device);
          }
          return {};
        });
        const found = difference(
          decisions(subject.boot(machine)),
          decisions(subject.boot(machine, { driver: curious })),
        );
        demand(found === undefined, () => `after questions about other devices: ${found}`);
      }),
  },
]);
