import type { Reason } from '@iommu/core';
import type { NodeSketch } from '@iommu/firmware';
import { describe, expect, test } from 'vitest';
import { iort, itsGroup, namedComponent, PLAIN, rootComplex, smmuV2, smmuV3 } from './support/iort.js';
import { bindTo, boot, bridge, deviceAt, fn, type MachineSketch, machine, node } from './support/platform.js';

/* Who reads a reason looks its function up in the kernel, and the devices up in the machine. */

const NIC = fn('00:03.0');
const BEHIND_BRIDGE = [bridge('00:01.0', 2, { express: 'pcie-to-pci-bridge' }), fn('02:01.0', { express: null })];

/** A reason with the names of its devices. */
const plain = ({ rule, source, devices }: Reason) => ({ rule, source, devices: devices.map(({ name }) => name) });

const treeOf = (iommuMap: NonNullable<NodeSketch['properties']>, more: Readonly<Record<string, NodeSketch>> = {}) => ({
  tree: {
    properties: { '#address-cells': [1], '#size-cells': [1] },
    nodes: {
      'smmuv3@9050000': {
        properties: { compatible: 'arm,smmu-v3', reg: [0x9050000, 0x20000], phandle: [1], '#iommu-cells': [1] },
      },
      'pcie@10000000': { properties: { device_type: 'pci', reg: [0x10000000, 0x1000], ...iommuMap } },
      ...more,
    },
  },
});

describe('a device without a unit', () => {
  const crooked = iort(smmuV3(), rootComplex(0, { to: 0 }));
  new DataView(crooked.buffer).setUint16(49, 3, true);

  test.each<[string, string, string, MachineSketch]>([
    ['iort-invalid', 'iort_scan_node()', '00:03.0', { iort: crooked }],
    ['not-in-iort', 'iort_iommu_configure_id()', '00:03.0', { iort: iort(smmuV3(), rootComplex(7, { to: 0 })) }],
    [
      'id-not-mapped',
      'iort_pci_iommu_init()',
      '00:03.0',
      { iort: iort(smmuV3(), rootComplex(0, { to: 2 }), itsGroup(0)) },
    ],
    [
      'no-stream-id',
      'iommu_fwspec_init()',
      'x',
      { iort: iort(smmuV3(), namedComponent('X')), nodes: [node('x', 'X')] },
    ],
    [
      'several-smmus',
      'iommu_fwspec_init()',
      '02:01.0',
      {
        functions: BEHIND_BRIDGE,
        iort: iort(
          smmuV3({ base: 1n }),
          smmuV3({ base: 2n }),
          rootComplex(0, { count: 0x200, to: 0 }, { input: 0x201, count: 0xff, output: 0x201, to: 1 }),
        ),
      },
    ],
    [
      'no-stream-table',
      'arm_smmu_device_cfg_probe()',
      '00:03.0',
      {
        iort: iort(smmuV2(0x5000000n), rootComplex(0, { to: 0 })),
        units: [{ address: 0x5000000n, registers: { idr0: 0x0800_1e00n } }],
      },
    ],
    ['no-iommu-map', 'of_iommu_configure()', '00:03.0', treeOf({})],
    ['no-iommu-map', 'of_iommu_configure()', '0001:00:03.0', { ...treeOf({}), functions: [fn('0001:00:03.0')] }],
    ['iommu-map-invalid', 'of_map_id()', '00:03.0', treeOf({ 'iommu-map': [0, 1, 0] })],
    ['id-not-mapped', 'of_map_id()', '00:03.0', treeOf({ 'iommu-map': [0x100, 1, 0, 0x100] })],
    [
      'iommus-invalid',
      'of_iommu_xlate()',
      'eth',
      { ...treeOf({}, { eth: { properties: { iommus: [9, 1] } } }), nodes: [node('eth')] },
    ],
  ])('%s names %s and %s', (rule, source, name, more) => {
    const built = machine({ functions: [NIC], ...more });
    const device = deviceAt(built, name);
    const found = bindTo(built).unitOf(device);
    const reason = found && 'none' in found ? found.none : expect.fail('has a unit');
    expect(plain(reason)).toEqual({ rule, source, devices: rule === 'iort-invalid' ? [] : [device.name] });
  });

  test.each([
    [[0, 1, 0], 'The iommu-map of /pcie@10000000 contradicts itself, so 0000:00:03.0 has no IOMMU.'],
    [[0x100, 1, 0, 0x100], 'The iommu-map of /pcie@10000000 takes requester id 0x18 of 0000:00:03.0 to no SMMU.'],
  ])('is told what is wrong with the iommu-map %j', (map, text) => {
    const built = machine({ functions: [NIC], ...treeOf({ 'iommu-map': map }) });
    expect(bindTo(built).unitOf(deviceAt(built, '00:03.0'))).toMatchObject({ none: { text } });
  });
});

describe('a device that a unit refuses, or groups', () => {
  const named = (path: string, ...ids: number[]) =>
    namedComponent(path, ...ids.map((output) => ({ output, to: 0, single: true })));
  const nodes = [node('x', 'X'), node('y', 'Y'), node('z', 'Z')];
  /** The reason for the last device, probed after the others. */
  const lastReason = (sketch: MachineSketch) => {
    const iommu = boot({ rules: { 'groups-by-firmware': 'driver-probe' }, ...sketch });
    for (const device of iommu.devices) iommu.probeDriver(device);
    return iommu.devices.slice(-1).flatMap((device) => iommu.outcomeOf(device).reasons.map(plain));
  };
  const v2 = smmuV2(0x5000000n);
  const units = [{ address: 0x5000000n, registers: { idr0: 0x0800_1e02n } }];

  test.each<[string, string, readonly string[], MachineSketch]>([
    ['stream-id-taken', 'arm_smmu_insert_master()', ['x'], { iort: iort(smmuV3(), named('X', 5), named('Z', 5)) }],
    ['stream-conflict', 'arm_smmu_find_sme()', ['z'], { iort: iort(v2, named('Z', 0x8000)), units }],
    ['stream-table-full', 'arm_smmu_find_sme()', ['z'], { iort: iort(v2, named('X', 5, 6), named('Z', 7)), units }],
    [
      'streams-of-several-groups',
      'arm_smmu_device_group()',
      ['z'],
      { iort: iort(v2, named('X', 5), named('Y', 6), named('Z', 5, 6)) },
    ],
    [
      'shared-stream',
      'arm_smmu_device_group()',
      ['x', 'y', 'z'],
      { iort: iort(v2, named('X', 5), named('Y', 5), named('Z', 5)) },
    ],
    ['one-group-per-device', 'generic_device_group()', ['z'], { iort: iort(smmuV3(), named('Z', 5)) }],
  ])('%s names %s', (rule, source, devices, sketch) => {
    expect(lastReason({ nodes, ...sketch })).toEqual([{ rule, source, devices }]);
  });

  test('not-probed names arm_smmu_probe_device()', () => {
    const built = machine({ iort: PLAIN, functions: [NIC] });
    const device = deviceAt(built, '00:03.0');
    const answer = bindTo(built).deviceGroup(device, {} as never);
    const reason = 'reason' in answer ? answer.reason : expect.fail('was grouped');
    expect(plain(reason)).toEqual({
      rule: 'not-probed',
      source: 'arm_smmu_probe_device()',
      devices: [device.name],
    });
  });
});

test('firmware that is wrong, or says too little, is reported with how bad that is', () => {
  const severities = (sketch: MachineSketch) => {
    const built = machine(sketch);
    bindTo(built);
    return built.diagnostics.map(({ severity, code }) => `${severity}: ${code}`);
  };
  const badSum = PLAIN.slice();
  badSum[9] = (badSum[9] as number) ^ 1;
  const crooked = PLAIN.slice();
  new DataView(crooked.buffer).setUint16(49, 3, true);
  expect(severities({ iort: badSum })).toEqual(['firmware-bug: iort-checksum']);
  expect(severities({ iort: crooked })).toEqual(['firmware-bug: iort-invalid']);
  expect(severities({ iort: iort(smmuV2()) })).toEqual(['assumed: smmu-registers-unknown']);
});
