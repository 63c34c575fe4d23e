import { writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine } from '@iommu/machine';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { type WhyNoneReport, whyNone, whyNoneSchema } from '../src/index.js';
import { codeOf, desk, drivers } from './support/drawn.js';
import { cardScope } from './support/machines.js';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(whyNoneSchema);

const asked = (extra: Partial<Machine>, name?: string): WhyNoneReport => {
  const report = whyNone(boot(desk(extra), { drivers }), name);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const kernel = (commandLine: string, config?: { readonly intelIommuDefaultOn: boolean }) => ({
  kernel: { release: '6.12.0', arch: 'x86_64', commandLine, ...(config && { config }) },
});

const rules = ({ causes }: WhyNoneReport): string[] => causes.map(({ rule }) => rule);

test('there are groups, and every device is in one', () => {
  expect(asked({})).toMatchObject({ verdict: 'grouped', groups: 11, causes: [], doubts: [] });
  expect(asked({}, '01:00.0')).toMatchObject({ verdict: 'grouped', device: '0000:01:00.0', causes: [] });
});

describe('there are none', () => {
  test.each([
    ['intel_iommu=off', 'intel_iommu=off'],
    ['intel_iommu=on iommu=off', 'iommu=off'],
  ])('for %s', (commandLine, word) => {
    const report = asked(kernel(commandLine));
    expect(report).toMatchObject({ verdict: 'none', groups: 0, doubts: [] });
    expect(report.causes).toHaveLength(1);
    expect(report.causes[0]).toMatchObject({ rule: 'vtd-disabled', text: `VT-d is switched off: ${word}.` });
    expect(report.causes[0]?.devices).toHaveLength(report.causes[0] ? boot(desk(), { drivers }).devices.length : 0);
    expect(report.causes[0]?.remedy).toContain('intel_iommu=on');
  });

  test('for firmware without a table', () => {
    const report = asked({ firmware: { acpi: {} } });
    expect(report.verdict).toBe('none');
    expect(rules(report)).toEqual(['no-iommu-in-firmware']);
  });

  test('for a table that Linux refuses, with what was found', () => {
    const DMAR = writeDmar({ units: [], hostAddressWidth: 39 });
    expect(rules(asked({ firmware: { acpi: { DMAR } } }))).toEqual(['dmar-invalid']);
    const broken = writeDmar({ units: [{ registerBase: 0xfed90000n }] });
    broken[9] = (broken[9] ?? 0) ^ 1;
    expect(asked({ firmware: { acpi: { DMAR: broken } } }).findings).toEqual(['the checksum of the DMAR is wrong']);
  });

  test('for a scope that names a device for what it is not', () => {
    const scopes = [{ ...cardScope(6), type: 'bridge' as const }];
    const DMAR = writeDmar({ units: [{ registerBase: 0xfed90000n, scopes }] });
    const report = asked({ firmware: { acpi: { DMAR } } });
    expect(rules(report)).toEqual(['dmar-scope-type-mismatch']);
    expect(report.causes[0]?.remedy).toContain('firmware');
  });
});

test('some devices have none, each told by its rule', () => {
  const scopes = [cardScope(6)];
  const firmware = { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n, scopes }] }) } };
  const report = asked({ firmware });
  expect(report).toMatchObject({ verdict: 'grouped', groups: 1 });
  expect(rules(report)).toEqual(['not-in-dmar']);
  expect(report.causes[0]?.devices).not.toContain('0000:07:00.0');
  expect(asked({ firmware }, '01:00.0')).toMatchObject({ verdict: 'none', causes: [{ devices: ['0000:01:00.0'] }] });
});

describe('it is unknown', () => {
  test('without firmware tables, unless the machine showed its groups', () => {
    const { firmware: _, ...machine } = desk();
    const ask = (extra: Partial<Machine>) => whyNone(boot({ ...machine, ...extra }, { drivers }));
    expect(ask({})).toMatchObject({ verdict: 'unknown' });
    expect(ask({}).doubts[0]).toContain('supposed');
    const groups = [{ id: 0, devices: ['0000:07:00.0'] }];
    expect(ask({ observed: { source: 'lspci', groups } })).toMatchObject({ verdict: 'grouped', doubts: [] });
  });

  test('where nobody said whether VT-d is on by default', () => {
    expect(asked(kernel('quiet'))).toMatchObject({ verdict: 'unknown' });
    expect(asked(kernel('quiet')).doubts[0]).toContain('CONFIG_INTEL_IOMMU_DEFAULT_ON');
    expect(asked(kernel('quiet', { intelIommuDefaultOn: true })).verdict).toBe('grouped');
    expect(asked(kernel('quiet', { intelIommuDefaultOn: false })).verdict).toBe('none');
  });

  test('where the machine contradicts what was computed', () => {
    const none = { source: 'sysfs', groups: [] } as const;
    expect(asked({ observed: none })).toMatchObject({ verdict: 'unknown' });
    const some = { source: 'sysfs', groups: [{ id: 0, devices: ['0000:07:00.0'] }] } as const;
    expect(asked({ ...kernel('intel_iommu=off'), observed: some }).doubts[0]).toContain('showed 1 groups');
  });
});

test('groups that VFIO made without an IOMMU are none of the IOMMU', () => {
  const groups = [{ id: 0, devices: ['0000:07:00.0'], name: 'vfio-noiommu' }];
  const report = asked({ ...kernel('intel_iommu=off'), observed: { source: 'sysfs', groups } });
  expect(report.doubts[0]).toContain('no IOMMU stands behind them');
});

test('Xen keeps the table to itself', () => {
  const XMAR = writeDmar({ units: [{ registerBase: 0xfed90000n }] });
  const report = asked({ firmware: { acpi: { XMAR } } });
  expect(report).toMatchObject({ verdict: 'none' });
  expect(report.doubts[0]).toContain('Xen');
});

test('an address that is not there is an error', () => {
  expect(codeOf(() => asked({}, '09:00.0'))).toMatch(/^ERR_DEVICE_UNKNOWN/);
});
