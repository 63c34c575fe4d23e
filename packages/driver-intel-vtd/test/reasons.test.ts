import { expect, test } from 'vitest';
import { allDrhd, andd, dmar, drhd, endpointScope, SCOPE, scope, structure } from './support/dmar.js';
import {
  bindTo,
  boot,
  bridge,
  deviceAt,
  fn,
  type MachineSketch,
  machine,
  node,
  registers,
} from './support/platform.js';

/* Who reads a reason looks its function up in the kernel, and the devices up in the machine. */

const NIC = fn('00:03.0');
const PORT = bridge('00:1c.0', 1);
const GRAPHICS = fn('00:02.0', { class: '030000' });
const graphicsDrhd = drhd({ base: 2 }, endpointScope('00:02.0'));

test.each<[string, string, MachineSketch, string, readonly string[]]>([
  ['dmar-invalid', 'parse_dmar_table()', { dmar: dmar(structure(0, [], 99)) }, '00:03.0', []],
  ['dmar-invalid', 'parse_dmar_table()', { dmar: dmar(allDrhd(0)) }, '00:03.0', []],
  ['dmar-invalid', 'parse_dmar_table()', { dmar: dmar() }, '00:03.0', []],
  ['vtd-disabled', 'intel_iommu_init()', { commandLine: 'intel_iommu=off' }, '00:03.0', []],
  [
    'dmar-scope-type-mismatch',
    'dmar_insert_dev_scope()',
    { dmar: dmar(drhd({ base: 2 }, endpointScope('00:1c.0')), allDrhd()) },
    '00:03.0',
    ['0000:00:1c.0'],
  ],
  [
    'not-in-dmar',
    'device_lookup_iommu()',
    { dmar: dmar(drhd({ base: 2 }, endpointScope('00:02.0'))) },
    '00:03.0',
    ['0000:00:03.0'],
  ],
  ['unit-ignored-no-address-width', 'alloc_iommu()', { units: [registers(0xfed91000, { cap: 0n })] }, '00:03.0', []],
  [
    'unit-ignored-graphics-off',
    'init_no_remapping_devices()',
    { dmar: dmar(graphicsDrhd, allDrhd()), commandLine: 'intel_iommu=on,igfx_off' },
    '00:02.0',
    [],
  ],
])('%s names %s', (rule, source, more, address, devices) => {
  const built = machine({ dmar: dmar(allDrhd()), functions: [GRAPHICS, NIC, PORT], ...more });
  const bound = bindTo(built);
  const found = bound.unitOf(deviceAt(built, address));
  const none = found && 'none' in found ? found.none : undefined;
  expect({ ...none, devices: none?.devices.map(({ name }) => name) }).toEqual({
    rule,
    source,
    devices,
    text: expect.stringMatching(/\.$/),
  });
});

test('unit-ignored-no-scope-device names init_no_remapping_devices(), to a function that is plugged in later', () => {
  const built = machine({ dmar: dmar(drhd({ base: 2 }, endpointScope('00:04.0')), allDrhd()), functions: [NIC] });
  const bound = bindTo(built);
  expect(bound.unitOf(built.topology.add(fn('00:04.0')))).toEqual({
    none: {
      rule: 'unit-ignored-no-scope-device',
      text: 'Unit dmar0 (registers at 0x2) is left alone: none of the devices that it names is there.',
      source: 'init_no_remapping_devices()',
      devices: [],
    },
  });
});

test('one-group-per-device names generic_device_group()', () => {
  const table = dmar(drhd({ base: 2 }, scope(SCOPE.namespace, '00:15.0', { id: 1 })), andd(1, '\\_SB.I2C0'));
  const device = node('\\_SB.I2C0');
  const iommu = boot({ dmar: table, functions: [], nodes: [device] });
  expect(iommu.outcomeOf(device).reasons).toEqual([
    {
      rule: 'one-group-per-device',
      text: 'I2C0 is no PCI device, and has a group of its own.',
      source: 'generic_device_group()',
      devices: [device],
    },
  ]);
});
