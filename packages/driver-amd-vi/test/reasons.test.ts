import { describe, expect, test } from 'vitest';
import { acpiHid, all, block, ivhd, ivrs, ivrsOf, select, special } from './support/ivrs.js';
import { bindTo, boot, deviceAt, fn, type MachineSketch, machine, node, UNIT } from './support/platform.js';

/* Who reads a reason looks its function up in the kernel, and the devices up in the machine. */

const NIC = fn('00:03.0');
const STONEY = fn('00:01.0', { id: '1002:98e4', class: '030000' });
const badSum = ivrsOf(all);
badSum[9] = (badSum[9] as number) ^ 1;
const many = Array.from({ length: 33 }, (_, at) => ivhd({ unit: `${(at + 1).toString(16)}:00.2` }, all));

test.each<[string, string, MachineSketch, string, readonly string[]]>([
  ['amdvi-disabled', 'amd_iommu_detect()', { commandLine: 'iommu=off' }, '00:03.0', []],
  ['amdvi-disabled', 'state_next()', { commandLine: 'amd_iommu=off' }, '00:03.0', []],
  ['amdvi-off-by-quirk', 'detect_ivrs()', { functions: [UNIT, STONEY, NIC] }, '00:03.0', ['0000:00:01.0']],
  ['ivrs-checksum', 'early_amd_iommu_init()', { ivrs: badSum }, '00:03.0', []],
  ['ivrs-invalid', 'early_amd_iommu_init()', { ivrs: ivrs(block(0x10, [], 2)) }, '00:03.0', []],
  ['ivrs-no-unit', 'init_iommu_all()', { ivrs: ivrs() }, '00:03.0', []],
  ['ivrs-too-many-units', 'init_iommu_one()', { ivrs: ivrs(...many) }, '00:03.0', []],
  ['ivrs-special-device', 'add_special_device()', { ivrs: ivrsOf(special('00:14.0', 3)) }, '00:03.0', []],
  ['ivrs-unit-absent', 'iommu_init_pci()', { functions: [NIC] }, '00:03.0', []],
  ['ivrs-own-function', 'check_device()', {}, '00:00.2', ['0000:00:00.2']],
  ['not-in-ivrs', 'check_device()', { ivrs: ivrsOf(select('00:04.0')) }, '00:03.0', ['0000:00:03.0']],
])('%s names %s', (rule, source, more, address, devices) => {
  const built = machine({ ivrs: ivrsOf(all), functions: [UNIT, NIC], ...more });
  const found = bindTo(built).unitOf(deviceAt(built, address));
  const none = found && 'none' in found ? found.none : undefined;
  expect({ ...none, devices: none?.devices.map(({ name }) => name) }).toEqual({
    rule,
    source,
    devices,
    text: expect.stringMatching(/\.$/),
  });
});

describe('a function that the IVRS does not name', () => {
  const why = (address: string, table: Uint8Array) => {
    const built = machine({ ivrs: table, functions: [UNIT, fn(address)] });
    const found = bindTo(built).unitOf(deviceAt(built, address));
    return found && 'none' in found ? found.none.text : 'has a unit';
  };

  test('is said to lie beyond the last that it names', () => {
    expect(why('00:05.0', ivrsOf(select('00:04.0')))).toBe(
      '0000:00:05.0 lies beyond the IVRS: the last id that it names in segment 0 is 0000:00:04.0.',
    );
  });

  test('is not said so when it lies before', () => {
    expect(why('00:03.0', ivrsOf(select('00:04.0')))).toBe('The IVRS does not name 0000:00:03.0.');
  });

  test('is said to lie beyond 00:00.0 where that alone is named', () => {
    expect(why('00:05.0', ivrsOf(select('00:00.0')))).toContain('lies beyond the IVRS');
  });

  test('is not said so where it names none of the segment', () => {
    expect(why('0001:00:03.0', ivrsOf(select('00:04.0')))).toBe('The IVRS does not name 0001:00:03.0.');
  });
});

test('a device of ACPI names acpihid_device_group(), and with whom it shares its requester id', () => {
  const [first, second] = [node('AMDI0020:00', 'AMDI0020', '0'), node('AMDI0020:01', 'AMDI0020', '1')];
  const table = ivrsOf(all, acpiHid('00:14.5', { uid: '0' }), acpiHid('00:14.5', { uid: '1' }));
  const iommu = boot({ ivrs: table, functions: [UNIT], nodes: [first, second] });
  expect([first, second].flatMap((device) => iommu.outcomeOf(device).reasons)).toEqual([
    {
      rule: 'acpi-hid-own-id',
      text: 'AMDI0020:00 is no PCI device; the IVRS gives it the requester id 0000:00:14.5, and no device with a group has the same.',
      source: 'acpihid_device_group()',
      devices: [first],
    },
    {
      rule: 'acpi-hid-same-id',
      text: 'AMDI0020:01 and AMDI0020:00 do their DMA with the same requester id, 0000:00:14.5, as the IVRS says.',
      source: 'acpihid_device_group()',
      devices: [first],
    },
  ]);
});
