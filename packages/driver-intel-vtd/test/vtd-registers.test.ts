import { describe, expect, test } from 'vitest';
import { noAddressWidth } from '../src/vtd-registers.js';
import { allDrhd, dmar, drhd, endpointScope } from './support/dmar.js';
import {
  bind,
  bindTo,
  boot,
  CACHING_MODE,
  CAP,
  deviceAt,
  ECAP,
  FIRST_LEVEL,
  fn,
  type MachineSketch,
  machine,
  node,
  registers,
  SCALABLE_MODE,
} from './support/platform.js';

const BASE = 0xfed91000;
const sketch = (values: Readonly<Record<string, bigint>> = {}, more: MachineSketch = {}): MachineSketch => ({
  dmar: dmar(allDrhd(BASE)),
  functions: [fn('00:03.0'), fn('00:04.0')],
  units: [registers(BASE, values)],
  ...more,
});

describe('a unit has no address width that can be used', () => {
  test.each<[string, Parameters<typeof noAddressWidth>[0], boolean]>([
    ['unless any is named', registers(BASE), false],
    ['when none is named', registers(BASE, { cap: 0n }), true],
    ['when none is named, whatever its other bits', registers(BASE, { cap: ~0x1f00n & 0xffffffffn, ecap: 0n }), true],
    ['unless it offers first-level tables', registers(BASE, { cap: 0n, ecap: FIRST_LEVEL }), false],
    ['when nothing answers', { address: 0n, registers: {}, responds: false }, true],
    ['unless it is not known whether anything answers', { address: 0n, registers: {} }, false],
    ['unless nothing is known of it', undefined, false],
  ])('%s', (_, unit, expected) => {
    expect(noAddressWidth(unit)).toBe(expected);
  });
});

describe('the system is strict', () => {
  const strict = (values: Readonly<Record<string, bigint>>, more: MachineSketch = {}) =>
    bind(sketch(values, more)).forcesStrict;
  const shadowed = { cap: CAP | CACHING_MODE };

  test('not for a unit outside a virtual machine', () => {
    expect(strict({})).toBe(false);
  });

  test('for a unit in caching mode', () => {
    expect(strict(shadowed)).toBe(true);
  });

  test('not for one that has first-level tables in scalable mode', () => {
    expect(strict({ ...shadowed, ecap: SCALABLE_MODE | FIRST_LEVEL })).toBe(false);
  });

  test('for one that has first-level tables without scalable mode', () => {
    expect(strict({ ...shadowed, ecap: FIRST_LEVEL })).toBe(true);
  });

  test('for one that has scalable mode without first-level tables', () => {
    expect(strict({ ...shadowed, ecap: SCALABLE_MODE })).toBe(true);
  });

  test('for one whose scalable mode was switched off', () => {
    const off = { commandLine: 'intel_iommu=sm_off' };
    expect(strict({ ...shadowed, ecap: SCALABLE_MODE | FIRST_LEVEL }, off)).toBe(true);
  });

  test('for one whose extended capabilities are not known', () => {
    expect(strict({}, { units: [{ address: BigInt(BASE), registers: shadowed }] })).toBe(true);
  });

  test('for one of several that is in caching mode', () => {
    const table = dmar(drhd({ base: 2 }, endpointScope('00:04.0')), allDrhd(BASE));
    expect(strict({}, { dmar: table, units: [registers(2, shadowed), registers(BASE)] })).toBe(true);
  });

  test('with intel_iommu=strict', () => {
    expect(strict({}, { commandLine: 'intel_iommu=strict' })).toBe(true);
  });

  test('not for the sake of a unit that is left alone', () => {
    const table = dmar(drhd({ base: 2 }, endpointScope('00:1f.7')), allDrhd(BASE));
    const units = [registers(2, shadowed), registers(BASE)];
    expect(strict({}, { dmar: table, units })).toBe(false);
  });

  test('so its domains are of type DMA', () => {
    expect([...boot(sketch(shadowed)).groups].map(({ type }) => type)).toEqual(['DMA', 'DMA']);
  });
});

describe('the default domain', () => {
  const rules = { 'vtd-without-pass-through': 'DMA' };
  const domain = (values: Readonly<Record<string, bigint>>, more: MachineSketch = { rules }) => {
    const built = machine(sketch(values, more));
    return bindTo(built).defaultDomainType?.(deviceAt(built, '00:03.0'));
  };

  test('is a matter of indifference to a unit that can pass requests through', () => {
    expect(domain({ ecap: ECAP })).toBeUndefined();
  });

  test('must be DMA for a unit that cannot', () => {
    expect(domain({ ecap: 0n })).toBe('DMA');
  });

  test('is a matter of indifference where the kernel does not look', () => {
    expect(domain({ ecap: 0n }, {})).toBeUndefined();
  });

  test('is a matter of indifference to a unit of which nothing is known', () => {
    expect(domain({}, { rules, units: [] })).toBeUndefined();
  });

  test('is a matter of indifference to a device of another unit', () => {
    const table = dmar(drhd({ base: 2 }, endpointScope('00:04.0')), allDrhd(BASE));
    const units = [registers(2, { ecap: 0n }), registers(BASE)];
    expect(domain({}, { rules, dmar: table, units })).toBeUndefined();
  });

  test('must be DMA for one of several units that cannot', () => {
    const table = dmar(drhd({ base: 2 }, endpointScope('00:03.0')), allDrhd(BASE));
    const units = [registers(2, { ecap: 0n }), registers(BASE)];
    expect(domain({}, { rules, dmar: table, units })).toBe('DMA');
  });

  test('is a matter of indifference to a device without a unit', () => {
    const table = dmar(drhd({ base: 2 }, endpointScope('00:04.0')));
    const units = [registers(2, { ecap: 0n })];
    expect(domain({}, { rules, dmar: table, units })).toBeUndefined();
    const bound = bind(sketch({}, { rules, dmar: table, units }));
    expect(bound.defaultDomainType?.(node('\\_SB.I2C0'))).toBeUndefined();
  });
});

describe('the files of a unit', () => {
  const filesOf = (values: Readonly<Record<string, bigint>> = {}, more: MachineSketch = {}) => {
    const iommu = boot(sketch(values, more));
    const [unit] = iommu.units;
    return unit ? iommu.unitAttributes(unit) : {};
  };

  test('give address, capabilities and extended capabilities as bare hexadecimal', () => {
    expect(filesOf({ cap: 0xd2008c40660462n, ecap: 0xf050dan })).toMatchObject({
      'intel-iommu/address': 'fed91000',
      'intel-iommu/cap': 'd2008c40660462',
      'intel-iommu/ecap': 'f050da',
    });
  });

  test.each([
    [0x10n, '1:0'],
    [0x60n, '6:0'],
    [0xa3n, '10:3'],
    [0x12345641n, '4:1'],
  ])('give the version as two decimal numbers (0x%s)', (version, expected) => {
    expect(filesOf({ version })['intel-iommu/version']).toBe(expected);
  });

  test.each([
    [0n, '16'],
    [2n, '256'],
    [6n, '65536'],
    [7n, '262144'],
  ])('give the number of domains that ND %s stands for', (nd, expected) => {
    expect(filesOf({ cap: (CAP & ~7n) | nd })['intel-iommu/domains_supported']).toBe(expected);
  });

  test('leave out what is not known', () => {
    expect(filesOf({}, { units: [] })).toEqual({ 'intel-iommu/address': 'fed91000', 'intel-iommu/domains_used': '2' });
  });

  describe('count domains in use', () => {
    const used = (rule: string | undefined, identity: boolean) =>
      filesOf(
        {},
        {
          ...(rule === undefined ? {} : { rules: { 'vtd-domains-used': rule } }),
          ...(identity ? { commandLine: 'iommu.passthrough=1' } : {}),
        },
      )['intel-iommu/domains_used'];

    test.each([
      ['of two translated groups', undefined, false, '2'],
      ['of two groups that pass through', undefined, true, '0'],
      ['and two set aside', 'bitmap', false, '4'],
      ['and two set aside, none for passing through', 'bitmap', true, '2'],
      ['and two set aside where nothing passes through', 'bitmap-and-identity', false, '4'],
      ['and two set aside, and one for all that passes through', 'bitmap-and-identity', true, '3'],
    ])('%s', (_, rule, identity, expected) => {
      expect(used(rule, identity)).toBe(expected);
    });
  });
});
