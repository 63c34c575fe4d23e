import { expect, test } from 'vitest';
import { parseCommandLine, resolveKernel } from '../src/kernel.js';

const words = (text: string) => parseCommandLine(text).map(({ name, value }) => [name, value]);

test.each([
  ['', []],
  ['quiet', [['quiet', undefined]]],
  ['quiet=', [['quiet', '']]],
  [
    'iommu=pt  intel_iommu=on,sm_on\n',
    [
      ['iommu', 'pt'],
      ['intel_iommu', 'on,sm_on'],
    ],
  ],
  ['a=b=c', [['a', 'b=c']]],
  [
    'a="b c" d',
    [
      ['a', 'b c'],
      ['d', undefined],
    ],
  ],
  [
    '"a=b c" d',
    [
      ['a', 'b c'],
      ['d', undefined],
    ],
  ],
  ['a="b c', [['a', 'b c']]],
  ['a -- b=c', [['a', undefined]]],
  [
    'a="-- b" c',
    [
      ['a', '-- b'],
      ['c', undefined],
    ],
  ],
  [
    'a --b',
    [
      ['a', undefined],
      ['--b', undefined],
    ],
  ],
  [
    'a\tb',
    [
      ['a', undefined],
      ['b', undefined],
    ],
  ],
])('splits the command line %j', (text, parameters) => {
  expect(words(text)).toEqual(parameters);
});

test.each([
  ['x86_64', 'x86'],
  ['i686', 'x86'],
  ['amd64', 'x86'],
  ['aarch64', 'arm64'],
  ['arm64', 'arm64'],
  ['armv7l', 'arm'],
  ['riscv64', 'riscv'],
  ['ppc64le', 'powerpc'],
  ['s390x', 's390'],
  ['loongarch64', 'loongarch64'],
])('knows the architecture of %s', (arch, name) => {
  expect(resolveKernel({ arch }).arch).toBe(name);
});

test.each([
  ['6.1.0-56-amd64', 'x86'],
  ['6.1.0-56-arm64', 'arm64'],
  ['6.13.4-200.fc41.aarch64', 'arm64'],
  ['6.13.4-200.fc41.x86_64', 'x86'],
  ['6.8.0-51-generic', 'x86'],
])('takes the architecture of release %s for %s', (release, arch) => {
  expect(resolveKernel({ release }).arch).toBe(arch);
});

test('takes the stated architecture rather than that of the release', () => {
  expect(resolveKernel({ release: '6.1.0-56-amd64', arch: 'aarch64' }).arch).toBe('arm64');
});

test.each([
  ['x86_64', 'lazy'],
  ['s390x', 'lazy'],
  ['aarch64', 'strict'],
  ['riscv64', 'strict'],
])('takes the default domain of %s for %s where nothing tells', (arch, domain) => {
  expect(resolveKernel({ arch }).defaultDomain).toBe(domain);
});

test.each(['passthrough', 'lazy', 'strict'] as const)(
  'takes the default domain %s of the configuration',
  (defaultDomain) => {
    expect(resolveKernel({ arch: 'aarch64', config: { defaultDomain } }).defaultDomain).toBe(defaultDomain);
  },
);

test.each([
  ['on where nothing tells', {}, 'on'],
  ['on for a usual kernel', { release: '6.1.0-56-amd64', commandLine: '' }, 'on'],
  [
    'off for an enterprise kernel that was not asked',
    { release: '5.14.0-503.el9.x86_64', commandLine: 'quiet' },
    'off',
  ],
  ['on for an enterprise kernel of which the command line is not known', { release: '5.14.0-503.el9.x86_64' }, 'on'],
  ['off by its configuration', { release: '6.1', config: { intelIommuDefaultOn: false } }, 'off'],
  [
    'on by its configuration',
    { release: '5.14.0-503.el9.x86_64', commandLine: '', config: { intelIommuDefaultOn: true } },
    'on',
  ],
])('takes VT-d for %s', (_, kernel, answer) => {
  expect(resolveKernel(kernel).rule('vtd-default')).toBe(answer);
});

test.each([
  ['6.1', '6.0', true],
  ['6.1', '6.1', true],
  ['6.1', '6.2', false],
  [undefined, '99.0', true],
])('tells whether release %s has what came with %s', (release, since, has) => {
  expect(resolveKernel(release === undefined ? {} : { release }).has(since)).toBe(has);
});

test('lets the rules of a policy win over those of the release', () => {
  expect(resolveKernel({ release: '3.17' }, { 'pci-group': 'v3.18' }).rule('pci-group')).toBe('v3.18');
});

test('keeps what was asked for', () => {
  expect(resolveKernel({ release: '6.1.0-56-amd64' })).toMatchObject({
    release: '6.1.0-56-amd64',
    version: { major: 6, minor: 1 },
    flavour: 'debian',
  });
});
