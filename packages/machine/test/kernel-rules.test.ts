import { expect, test } from 'vitest';
import { resolveKernel } from '../src/kernel.js';
import { KERNEL_RULES } from '../src/kernel-rules.js';
import { compareVersions, parseVersion, type Version } from '../src/version.js';

/** Both sides of every border, as the sources of the rules have them. */
const BORDERS = [
  ['pci-group', '3.6', 'v3.6'],
  ['pci-group', '3.16', 'v3.6'],
  ['pci-group', '3.17', 'v3.17'],
  ['pci-group', '3.18', undefined],
  ['relaxable-regions', '5.2', 'direct'],
  ['relaxable-regions', '5.3', undefined],
  ['domain-type-write', '5.10', 'none'],
  ['domain-type-write', '5.11', 'single-device'],
  ['domain-type-write', '6.4', 'single-device'],
  ['domain-type-write', '6.5', undefined],
  ['domain-type-fq', '5.14', 'no'],
  ['domain-type-fq', '5.15', undefined],
  ['unit-registration', '6.0', 'all-at-once'],
  ['unit-registration', '6.1', undefined],
  ['groups-by-firmware', '6.14', 'driver-probe'],
  ['groups-by-firmware', '6.15', undefined],
  ['late-acs', '6.14', 'after-boot'],
  ['late-acs', '6.15', 'after-first'],
  ['late-acs', '6.19', 'after-first'],
  ['late-acs', '7.0', undefined],
  ['vtd-domains-used', '6.11', 'bitmap-and-identity'],
  ['vtd-domains-used', '6.12', 'bitmap'],
  ['vtd-domains-used', '6.19', 'bitmap'],
  ['vtd-domains-used', '7.0', undefined],
  ['vtd-without-pass-through', '6.11', undefined],
  ['vtd-without-pass-through', '6.12', 'DMA'],
  ['vtd-graphics-off', '5.9', 'grouped'],
  ['vtd-graphics-off', '5.10', undefined],
  ['acs-workaround', '5.8', undefined],
  ['acs-workaround', '5.9', 'skipped'],
  ['acs-workaround', '5.10', undefined],
  ['acs-workaround', '6.10', undefined],
  ['acs-workaround', '6.11', 'skipped'],
  ['acs-workaround', '6.12', undefined],
  ['amd-segments', '5.19', 'one-table'],
  ['amd-segments', '6.0', undefined],
  ['amd-ranges', '6.13', undefined],
  ['amd-ranges', '6.14', 'own-alias'],
  ['amd-ranges', '6.16', 'own-alias'],
  ['amd-ranges', '6.17', undefined],
  ['amd-acpi-hid', '6.15', 'hid-and-uid'],
  ['amd-acpi-hid', '6.16', undefined],
  ['amd-hypertransport', '6.15', 'reserved'],
  ['amd-hypertransport', '6.16', undefined],
  ['amd-identity', '6.6', 'ats-pri-pasid'],
  ['amd-identity', '6.7', undefined],
  ['amd-features', '5.19', 'one-register'],
  ['amd-features', '6.0', 'efr2-first'],
  ['amd-features', '6.6', 'efr2-first'],
  ['amd-features', '6.7', undefined],
  ['driver-bind', '5.13', 'ENODEV'],
  ['driver-bind', '5.14', undefined],
  ['pci-autoprobe', '6.18', 'always'],
  ['pci-autoprobe', '6.19', undefined],
  ['vfio-viability', '4.3', 'allowed-drivers'],
  ['vfio-viability', '4.4', 'allowed-drivers-and-bridges'],
  ['vfio-viability', '5.18', 'allowed-drivers-and-bridges'],
  ['vfio-viability', '5.19', undefined],
  ['acs-broken-sv', '6.19', undefined],
  ['acs-broken-sv', '7.0', 'masked'],
  ['group-link', '3.1', 'none'],
  ['group-link', '3.2', 'number'],
  ['group-link', '3.5', 'number'],
  ['group-link', '3.6', undefined],
  ['unit-class', '3.16', 'none'],
  ['unit-class', '3.17', undefined],
  ['file-reserved-regions', '4.10', 'none'],
  ['file-reserved-regions', '4.11', undefined],
  ['file-type', '4.18', 'none'],
  ['file-type', '4.19', undefined],
  ['file-driver-override', '3.15', 'none'],
  ['file-driver-override', '3.16', undefined],
  ['file-platform-driver-override', '3.16', 'none'],
  ['file-platform-driver-override', '3.17', undefined],
  ['file-revision', '4.9', 'none'],
  ['file-revision', '4.10', undefined],
  ['file-bus-numbers', '4.12', 'none'],
  ['file-bus-numbers', '4.13', undefined],
  ['file-sriov-numvfs', '3.7', 'none'],
  ['file-sriov-numvfs', '3.8', undefined],
  ['file-sriov-autoprobe', '4.11', 'none'],
  ['file-sriov-autoprobe', '4.12', undefined],
  ['file-sriov-layout', '4.14', 'none'],
  ['file-sriov-layout', '4.15', undefined],
  ['file-sriov-msix', '5.12', 'none'],
  ['file-sriov-msix', '5.13', undefined],
  ['file-reset-subordinate', '6.12', 'none'],
  ['file-reset-subordinate', '6.13', undefined],
] as const;

test.each(BORDERS)('answers %s of release %s with %s', (rule, release, value) => {
  expect(resolveKernel({ release }).rule(rule)).toBe(value);
});

const parsed = (text: string) => parseVersion(text) as Version;

test('tests both sides of every border of the table', () => {
  const missing = KERNEL_RULES.flatMap(({ rule, from, until }) =>
    [from, until].flatMap((border) => {
      const tested = BORDERS.filter(([name]) => name === rule).map(([, release]) => release);
      if (border === undefined || (tested.some((one) => one === border) && tested.some((one) => before(one, border))))
        return [];
      return [`${rule} at ${border}`];
    }),
  );
  expect(missing).toEqual([]);
});

const before = (a: string, b: string) => compareVersions(parsed(a), parsed(b)) < 0;

test('has at most one row for one rule and one release', () => {
  const releases = KERNEL_RULES.flatMap(({ from, until }) => [from, until]).filter((border) => border !== undefined);
  const double = releases.flatMap((release) => {
    const rows = KERNEL_RULES.filter(
      ({ from, until }) => !(from && before(release, from)) && !(until && !before(release, until)),
    ).map(({ rule }) => rule);
    return rows.length === new Set(rows).size ? [] : [release];
  });
  expect(double).toEqual([]);
});

test('has borders that are versions, the later after the earlier', () => {
  for (const { from, until, unresolved } of KERNEL_RULES) {
    for (const border of [from, until, ...(unresolved ?? [])])
      if (border !== undefined) expect(parseVersion(border)).toBeDefined();
    if (from && until) expect(before(from, until)).toBe(true);
    if (unresolved) expect(before(...unresolved)).toBe(true);
  }
});

test('answers a release that is not known as the newest', () => {
  const newest = resolveKernel({ release: '999.0' });
  const unknown = [resolveKernel(), resolveKernel({ release: 'next-20250101' })];
  for (const { rule } of KERNEL_RULES) {
    expect(unknown.map((kernel) => kernel.rule(rule))).toEqual([newest.rule(rule), newest.rule(rule)]);
  }
});
