import { applyChange, p2p, Trials } from '@iommu/analysis';
import { boot } from '@iommu/machine';
import { bridgeAbove, PcieType } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { machineOf, recordedMachines } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

const drivers = allDrivers();

/** Functions that are no bridges, below a switch. */
const belowSwitch = (machine: ReturnType<typeof machineOf>): string[] => {
  const { topology } = boot(machine, { drivers });
  return topology.devices
    .filter((device) => {
      if (device.isBridge) return false;
      for (let at = bridgeAbove(device); at; at = bridgeAbove(at))
        if (at.express === PcieType['upstream-port']) return true;
      return false;
    })
    .map(({ name }) => name);
};

const concerned = (await recordedMachines(['vtd', 'amdvi', 'rules', 'pairs'])).filter(
  ({ tree }) => belowSwitch(machineOf(tree)).length > 1,
);

test('there are machines with devices below a switch', () => {
  expect(concerned.length).toBeGreaterThan(10);
});

describe.each(sampled(concerned, 12))('$name', ({ tree }) => {
  const machine = machineOf(tree);
  const names = belowSwitch(machine);
  const pairs = names.flatMap((from) => names.flatMap((to) => (from === to ? [] : [[from, to] as const])));

  test('what is said to clear the way does, and needs to be said only where something redirects', () => {
    const trials = new Trials(machine, { drivers });
    for (const [from, to] of sampled(pairs, 12)) {
      const { meeting, request, completion, clearing } = p2p(trials, from, to);
      if (meeting !== 'switch') continue;
      if (!clearing) {
        expect([request.route, completion.route]).not.toContain('redirected');
        continue;
      }
      const change = { kind: 'command-line', words: `pci=${clearing.parameter}` } as const;
      const { machine: after } = applyChange(machine, change, { drivers });
      const again = p2p(new Trials(after, { drivers }), from, to);
      expect([again.request.route, again.completion.route], `${from} ${to}`).toEqual(['direct', 'direct']);
    }
  });

  test('what decides one way with RR decides the other way with CR, at the same port', () => {
    const trials = new Trials(machine, { drivers });
    for (const [from, to] of sampled(pairs, 12)) {
      const [there, back] = [p2p(trials, from, to), p2p(trials, to, from)];
      expect(back.meeting).toBe(there.meeting);
      expect(back.below).toBe(there.below);
      expect(back.completion.device).toBe(there.request.device);
      expect(back.request.device).toBe(there.completion.device);
    }
  });
});
