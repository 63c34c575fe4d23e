import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { smmu } from '../src/index.js';
import { iort, namedComponent, PLAIN, rootComplex, SMMU_BASE, smmuV3 } from './support/iort.js';
import { bind, boot, bridge, fn, functionAt, groupLines, machine, node, ruleOf } from './support/platform.js';

const BEHIND = [
  bridge('00:01.0', 1),
  bridge('01:00.0', 2, { express: 'pcie-to-pci-bridge', acs: null }),
  fn('02:01.0', { express: null, acs: null }),
  fn('02:02.0', { express: null, acs: null }),
];

test('serves the first of two devices behind a bridge to PCI, and not the second', () => {
  const iommu = boot({ iort: PLAIN, functions: BEHIND });
  expect(groupLines(iommu)).toEqual(['00:01.0', '01:00.0 02:01.0']);
  expect(iommu.outcomeOf(iommu.devices[3] as never)).toMatchObject({
    group: undefined,
    reasons: [{ rule: 'stream-id-taken', text: expect.stringContaining('0x200') as string }],
  });
});

test('serves nothing behind a conventional bridge, whose id the bridge has itself', () => {
  const functions = [bridge('00:01.0', 1, { express: null, acs: null }), fn('01:01.0', { express: null, acs: null })];
  expect(groupLines(boot({ iort: PLAIN, functions }))).toEqual(['00:01.0']);
});

test('serves a device that uses one id twice', () => {
  // The id that the bridge puts on is the device's own.
  const functions = [
    bridge('00:01.0', 1, { express: 'pcie-to-pci-bridge' }),
    fn('01:00.0', { express: null, acs: null }),
  ];
  expect(groupLines(boot({ iort: PLAIN, functions }))).toEqual(['00:01.0 01:00.0']);
});

test('serves the second when the first is gone and a driver is probed for it', () => {
  const iommu = boot({ iort: PLAIN, functions: BEHIND });
  const [, , first, second] = iommu.devices;
  if (!first || !second) throw new Error('four functions');
  iommu.removeDevice(first);
  expect(iommu.outcomeOf(second).group).toBeUndefined();
  iommu.probeDriver(second);
  expect(groupLines(iommu)).toEqual(['00:01.0', '01:00.0 02:02.0']);
});

test('gives ids back that were taken before the one that was not to be had', () => {
  const functions = [fn('00:01.0'), fn('00:02.0')];
  const table = iort(
    smmuV3(),
    rootComplex(0, { to: 0 }),
    namedComponent('X', { output: 0x50, to: 0, single: true }, { output: 0x8, to: 0, single: true }),
    namedComponent('Y', { output: 0x50, to: 0, single: true }),
  );
  const iommu = boot({ iort: table, functions, nodes: [node('y', 'Y'), node('x', 'X')] });
  expect([groupLines(iommu), ruleOf(iommu, 'x')]).toEqual([['y', '00:01.0', '00:02.0'], 'stream-id-taken']);
});

test('keeps streams of two units apart', () => {
  const table = iort(smmuV3({ base: 1n }), smmuV3({ base: 2n }), rootComplex(0, { to: 0 }), rootComplex(1, { to: 1 }));
  const iommu = boot({ iort: table, functions: [fn('0000:00:01.0'), fn('0001:00:01.0')] });
  expect(groupLines(iommu)).toEqual(['00:01.0', '0001:00:01.0']);
});

test('groups functions by the rule for PCI', () => {
  const functions = [bridge('00:01.0', 1, { acs: null }), fn('01:00.0')];
  expect(groupLines(boot({ iort: PLAIN, functions }))).toEqual(['00:01.0 01:00.0']);
});

test('passes through what a HiSilicon tracer writes', () => {
  const ids = ['19e5:a12e', '19e5:a12f', '1af4:a12e'];
  const functions = ids.map((id, at) => fn(`00:0${at + 1}.0`, { id }));
  const types = [...boot({ iort: PLAIN, functions }).groups].map(({ type }) => type);
  expect(types).toEqual(['identity', 'DMA', 'DMA']);
});

test.each([
  ['', 'DMA'],
  ['iommu.strict=0', 'DMA-FQ'],
  ['iommu.passthrough=1', 'identity'],
  ['iommu=pt', 'DMA'],
  ['arm-smmu.disable_bypass=0', 'DMA'],
])('chooses by the words of every architecture: %j', (commandLine, type) => {
  const [group] = boot({ iort: PLAIN, functions: [fn('00:01.0')], commandLine }).groups;
  expect(group?.type).toBe(type);
});

test('refuses to group a device that claimed nothing', () => {
  const built = machine({ iort: PLAIN, functions: [fn('00:01.0')] });
  const device = functionAt(built, '00:01.0');
  const bound = smmu().bind(built.platform);
  expect(bound?.deviceGroup(device, {} as never)).toMatchObject({ errno: 'ENODEV', reason: { rule: 'not-probed' } });
  expect(bound?.defaultDomainType?.(device)).toBeUndefined();
  bound?.releaseDevice?.(device);
});

test('serves whatever the registers say of a stream table of version 2', () => {
  const units = [{ address: SMMU_BASE, registers: { idr0: 0x0800_1e00n } }];
  expect(bind({ iort: PLAIN, units }).units).toHaveLength(1);
});

test('refuses to group a device whose claim it refused', () => {
  const named = (path: string) => namedComponent(path, { output: 5, to: 0, single: true });
  const nodes = [node('x', 'X'), node('y', 'Y')];
  const bound = bind({ iort: iort(smmuV3(), named('X'), named('Y')), nodes });
  const [first, second] = nodes.map((device) => {
    const found = bound.unitOf(device);
    return found && 'unit' in found ? bound.probeDevice?.(device, found) : expect.fail('has no unit');
  });
  expect([first, second]).toMatchObject([undefined, { errno: 'ENODEV' }]);
  expect(bound.deviceGroup(nodes[1] as never, {} as never)).toMatchObject({ reason: { rule: 'not-probed' } });
});

test('keeps no state between machines', () => {
  expect(bind({ iort: PLAIN }).units[0]).not.toBe(bind({ iort: PLAIN }).units[0]);
});

test('never serves two devices by one id, whatever comes and goes', () => {
  const action = fc.record({ device: fc.nat(5), remove: fc.boolean() });
  const ids = [[1], [1, 2], [2, 3], [3], [4, 4], [1, 4]];
  const nodes = ids.map((list, at) =>
    namedComponent(`N${at}`, ...list.map((output) => ({ output, to: 0, single: true }))),
  );
  const table = iort(smmuV3(), ...nodes);
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
      const devices = ids.map((_, at) => node(`n${at}`, `N${at}`));
      const iommu = boot({ iort: table, nodes: [] });
      const present = new Set<number>();
      for (const { device: at, remove } of actions) {
        const device = devices[at];
        if (!device) continue;
        if (remove && present.delete(at)) iommu.removeDevice(device);
        else if (!remove && !present.has(at)) {
          present.add(at);
          const taken = [...present].some(
            (other) =>
              other !== at &&
              iommu.outcomeOf(devices[other] as never).group &&
              ids[other]?.some((id) => ids[at]?.includes(id)),
          );
          iommu.addDevice(device);
          expect(iommu.outcomeOf(device).group === undefined).toBe(taken);
        }
      }
    }),
    { seed: Number(process.env['IOMMU_TEST_SEED']), numRuns: runs(1000, 100) },
  );
});
