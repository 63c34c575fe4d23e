import { expect, test } from 'vitest';
import { KERNEL_RULES } from '../src/kernel-rules.js';
import { NEWEST_RELEASE } from '../src/newest-release.js';
import {
  compareVersions,
  flavourOf,
  formatVersion,
  parseVersion,
  releaseBefore,
  type Version,
} from '../src/version.js';

test.each([
  ['6.1', '6.1'],
  ['v6.1-rc3', '6.1'],
  ['6.1.0-56-amd64', '6.1'],
  ['7.3.4+deb13-amd64', '7.3'],
  ['6.16.0+', '6.16'],
  ['3.10.0-1160.el7.x86_64', '3.10'],
  ['6.19-rc1', '6.19'],
  ['  6.1\n', '6.1'],
  ['10.0', '10.0'],
])('reads %j as version %s', (text, version) => {
  const parsed = parseVersion(text);
  expect(parsed && formatVersion(parsed)).toBe(version);
});

test.each(['', '6', 'x6.1', 'next-20250101', '6.', '.1', '6.1234', '1234.1', 'Linux 6.1'])(
  'finds no version in %j',
  (text) => {
    expect(parseVersion(text)).toBeUndefined();
  },
);

test.each([
  ['6.1', '6.1', 0],
  ['6.1', '6.12', -1],
  ['6.9', '6.10', -1],
  ['5.19', '6.0', -1],
  ['7.0', '6.19', 1],
])('orders %s and %s', (a, b, sign) => {
  expect(Math.sign(compareVersions(parseVersion(a) as Version, parseVersion(b) as Version))).toBe(sign);
});

test.each([
  ['6.1.0-56-amd64', 'debian'],
  ['6.1.0-56-cloud-amd64', 'debian'],
  ['6.1.0-56-rt-amd64', 'debian'],
  ['6.12.9-arm64', 'debian'],
  ['6.1.0-rc3-amd64', 'debian'],
  ['7.3.4+deb13-amd64', 'debian'],
  ['6.8.0-51-generic', 'ubuntu'],
  ['5.15.0-1070-azure', 'ubuntu'],
  ['6.8.0-51-lowlatency', 'ubuntu'],
  ['5.14.0-503.14.1.el9_5.x86_64', 'enterprise-linux'],
  ['3.10.0-1160.el7.x86_64', 'enterprise-linux'],
  ['6.13.4-200.fc41.x86_64', 'fedora'],
  ['6.3.0-0.rc0.20230222git5b7c4cabbb65.3.fc39.x86_64+debug', 'fedora'],
  ['6.8.12-1-pve', 'proxmox'],
  ['6.4.0-150600.23-default', 'suse'],
  ['6.4.0-lp155.2-default', 'suse'],
  ['6.14.0-arch1-1', 'arch'],
  ['6.14.0-zen1-1-zen', 'zen'],
  ['6.16.0+', undefined],
  ['6.1', undefined],
  ['5.4.0-1.elrdy.x86_64', undefined],
])('knows who built %s: %s', (release, flavour) => {
  expect(flavourOf(release)).toBe(flavour);
});

test.each([
  ['6.1', '6.0'],
  ['7.0', '6.19'],
  ['5.0', '4.20'],
  ['4.0', '3.19'],
  ['3.0', undefined],
  ['9.0', undefined],
  ['next', undefined],
])('the release before %s is %s', (release, before) => {
  expect(releaseBefore(release)).toBe(before);
});

test('the newest release is the newest that any rule names', () => {
  const named = KERNEL_RULES.flatMap(({ from, until, unresolved = [] }) => [from, until, ...unresolved]);
  const newest = parseVersion(NEWEST_RELEASE) as Version;
  expect(named).toContain(NEWEST_RELEASE);
  for (const one of named)
    if (one !== undefined) expect(compareVersions(parseVersion(one) as Version, newest)).toBeLessThanOrEqual(0);
});
