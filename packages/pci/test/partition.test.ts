import fc from 'fast-check';
import { expect, test } from 'vitest';
import { random, runs } from '../../../tests/support/sweep.js';
import { bridgeAbove, type PciDevice, type PciTopology, realDmaDevice } from '../src/index.js';
import { type RandomMachine, randomMachine } from './support/random-machine.js';
import { referencePartition } from './support/reference-partition.js';
import { topologyOf } from './support/topology.js';
import { type Grouping, group, partitionOf } from './support/toy-driver.js';

const build = ({ functions, settings }: RandomMachine): PciTopology =>
  topologyOf(
    functions.map(({ description }) => description),
    settings,
  );

const grouping = ({ firmwareAliases }: RandomMachine): Grouping => ({
  aliasesOf: ({ name }) => firmwareAliases.get(name) ?? [],
});

/** Some order in which the bridge above a function, and the host of its segment, come before it. */
const parentsFirst = (topology: PciTopology, choose: (below: number) => number): PciDevice[] => {
  const waiting = [...topology.devices];
  const order = new Set<PciDevice>();
  while (waiting.length > 0) {
    const ready = waiting.filter((device) => {
      const host = realDmaDevice(device);
      const bridge = bridgeAbove(device);
      return (host === device || order.has(host)) && (!bridge || order.has(bridge));
    });
    const next = ready[choose(ready.length)] as PciDevice;
    order.add(next);
    waiting.splice(waiting.indexOf(next), 1);
  }
  return [...order];
};

test('puts functions together exactly where a chain of pairs cannot be told or kept apart', () => {
  fc.assert(
    fc.property(randomMachine(), (machine) => {
      expect(partitionOf(group(build(machine), grouping(machine)))).toEqual(referencePartition(machine));
    }),
    { numRuns: runs(10_000, 1_500) },
  );
});

test('gives the same partition whatever the order of probing, as long as parents come before children', () => {
  fc.assert(
    fc.property(randomMachine(), fc.nat(), (machine, salt) => {
      const topology = build(machine);
      const choose = random(salt);
      const expected = partitionOf(group(topology, grouping(machine)));
      for (let n = 0; n < 5; n++) {
        const order = parentsFirst(topology, choose);
        expect(partitionOf(group(topology, { ...grouping(machine), order }))).toEqual(expected);
      }
    }),
    { numRuns: runs(2_000, 300) },
  );
});

test('tries machines in which every rule decides', () => {
  const rules = new Set<string>();
  for (const machine of fc.sample(randomMachine(), 400)) {
    const topology = build(machine);
    const iommu = group(topology, grouping(machine));
    for (const device of topology.devices) for (const { rule } of iommu.outcomeOf(device).reasons) rules.add(rule);
  }
  expect([...rules].sort()).toEqual([
    'acs-missing-upstream',
    'alias-partner',
    'dma-alias',
    'isolated',
    'multifunction-without-acs',
    'same-dma-device',
  ]);
});

test('needs that order: a function grouped before the bridge above it may stay apart from it', () => {
  const functions = [
    { address: '00:01.0', express: 'root-port', acs: null, headerType: 1, secondaryBus: 1 },
    { address: '01:00.0', express: 'endpoint', acs: null, headerType: 0 },
  ] as const;
  const topology = topologyOf(functions);
  const partition = partitionOf(group(topology, { order: [...topology.devices].reverse() }));
  expect(partition).toEqual(['00:01.0', '01:00.0']);
});
