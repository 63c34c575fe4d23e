import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupsReport } from '@iommu/analysis';
import { describe, expect, test } from 'vitest';
import { iommu, root } from '../support/command.js';
import { aloneDriver, folderWith, installed } from '../support/driver-packages.js';
import { needsNamespaces } from '../support/needs.js';
import { installedFolder } from '../support/registry/rehearsal.js';

/** Two functions behind one bridge to conventional PCI: one group by VT-d. */
const dump = join(root, 'fixtures/recorded/vtd/intel-003.tar.gz');

const files = {
  ...installed('iommu-driver-toy', aloneDriver('toy')),
  ...installed('@scope/iommu-driver-toy', aloneDriver('scoped'), { main: 'index.js' }),
  'mine.mjs': aloneDriver('mine'),
  'folder/package.json': JSON.stringify({ name: 'folder', type: 'module', exports: { '.': { import: './a.js' } } }),
  'folder/a.js': aloneDriver('folder'),
  'plain/package.json': JSON.stringify({ type: 'module' }),
  'plain/index.js': aloneDriver('plain'),
};

const groupsBy = (words: readonly string[], cwd: string): GroupsReport =>
  JSON.parse(iommu(['groups', dump, '--json', ...words], { cwd }).stdout);

/** Every group of one device: what the toys make, and VT-d does not. */
const isByToy = ({ groups }: GroupsReport): boolean => groups.every(({ devices }) => devices.length === 1);

test.each(['iommu-driver-toy', '@scope/iommu-driver-toy', './mine.mjs', './folder', './plain', 'file:mine'])(
  'loads %s, and asks it before the drivers of the command',
  (word) => {
    const cwd = folderWith(files);
    expect(isByToy(groupsBy([], cwd))).toBe(false);
    const named = word === 'file:mine' ? `file://${cwd}/mine.mjs` : word;
    expect(isByToy(groupsBy(['--driver', named], cwd))).toBe(true);
  },
);

test('loads nothing that is only installed', () => {
  const cwd = folderWith(installed('iommu-driver-toy', 'throw new Error("loaded")'));
  expect(iommu(['groups', dump, '--quiet'], { cwd })).toMatchObject({ status: 0, stderr: '' });
});

describe('of several drivers that claim a device the first in order decides, and that is said', () => {
  test.each([
    [
      ['mine.mjs', 'node_modules/iommu-driver-toy/index.js'],
      ['mine', 'toy', 'intel-vtd'],
    ],
    [
      ['node_modules/iommu-driver-toy/index.js', 'mine.mjs'],
      ['toy', 'mine', 'intel-vtd'],
    ],
  ])('%j', (paths, [first = '', ...others]) => {
    const cwd = folderWith(files);
    const words = paths.flatMap((path) => ['--driver', `./${path}`]);
    const contests = groupsBy(words, cwd).diagnostics.filter(({ code }) => code === 'drivers-contest');
    expect(
      contests.map(({ message }) => /^drivers (\S+) and (\S+) both answer for 0000:/.exec(message)?.slice(1)),
    ).toEqual(others.map((other) => [first, other]));
    const { stderr } = iommu(['groups', dump, ...words], { cwd });
    expect(stderr).toContain(`drivers ${first} and intel-vtd both answer for`);
    expect(stderr).toContain(`${first} comes first in order and decides`);
  });

  test('one of the name of a driver of the command stands in for it', () => {
    const cwd = folderWith({ 'vtd.mjs': aloneDriver('intel-vtd') });
    const report = groupsBy(['--driver', './vtd.mjs'], cwd);
    expect(isByToy(report)).toBe(true);
    expect(report.diagnostics.filter(({ code }) => code === 'drivers-contest')).toEqual([]);
  });
});

describe('what cannot be loaded ends the command with 2, says why, and prints no data', () => {
  const bad = {
    'throws.mjs': 'throw new Error("out of order");',
    'nothing.mjs': 'export const driver = 1;',
    'old.mjs': aloneDriver('past', 0),
    'future.mjs': aloneDriver('future', 2),
    'inner.mjs': 'import "./not-there.mjs"; export default 1;',
    'empty/readme.txt': '',
    'broken/package.json': '{',
    'away/package.json': JSON.stringify({ name: 'away', exports: { './other': './index.js' } }),
    ...installed('iommu-driver-closed', aloneDriver('closed'), { exports: { './inner': './index.js' } }),
  };

  test.each([
    [
      'iommu-driver-absent',
      /no such package is installed at \S+ or beside iommu; npm install iommu-driver-absent .*MISSING/,
    ],
    ['throws.mjs', /no such package .*; for the file of that name write \.\/throws\.mjs .*ERR_DRIVER_MISSING/],
    ['./absent.mjs', /--driver \.\/absent\.mjs: there is no \/.*absent\.mjs .*ERR_DRIVER_MISSING/],
    ['./empty', /empty holds no package\.json.*ERR_DRIVER_MISSING/],
    ['./broken', /broken\/package\.json leads to no module.*ERR_DRIVER_MISSING/],
    ['./away', /away\/package\.json leads to no module.*ERR_DRIVER_MISSING/],
    ['iommu-driver-closed', /--driver iommu-driver-closed: .*exports.*ERR_DRIVER_MISSING/],
    ['../*', /ERR_DRIVER_MISSING/],
    ['', /ERR_DRIVER_MISSING/],
    ['./throws.mjs', /throws\.mjs: cannot be loaded as a driver: out of order .*ERR_DRIVER_LOAD/],
    ['./inner.mjs', /inner\.mjs: cannot be loaded as a driver: .*not-there\.mjs.*ERR_DRIVER_LOAD/],
    ['./nothing.mjs', /nothing\.mjs: its default export makes no driver.*ERR_DRIVER_CONTRACT/],
    [
      './old.mjs',
      /driver past \(\S+old\.mjs\) follows version 0 .* this core speaks version 1 .*ERR_DRIVER_SPEC_VERSION/,
    ],
    ['./future.mjs', /driver future \(\S+\) follows version 2 .* this core speaks version 1 .*ERR_DRIVER_SPEC_VERSION/],
  ])('%s', (word, message) => {
    const { status, stdout, stderr } = iommu(['groups', dump, '--driver', word], { cwd: folderWith(bad) });
    expect(stderr).toMatch(message);
    expect(stderr.split('\n').filter((line) => line.startsWith('    at '))).toEqual([]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

describe('every command that computes groups takes it', () => {
  const toy = ['--driver', './mine.mjs'];

  test('check', () => {
    expect(iommu(['check', dump, ...toy], { cwd: folderWith(files) })).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('partition  differs'),
    });
  });

  test('explain', () => {
    const { stdout } = iommu(['explain', dump, '02:03.0', '--json', ...toy], { cwd: folderWith(files) });
    expect(stdout).toContain('0000:02:03.0 is alone by mine.');
  });

  test('what-if', () => {
    const words = ['what-if', dump, 'remove 02:04.0', '--json'];
    const without = iommu(words);
    expect(without.stdout).toContain('02:04.0');
    const { stdout, stderr } = iommu([...words, ...toy], { cwd: folderWith(files) });
    expect({ stdout, stderr }).toMatchObject({ stdout: expect.stringContaining('mine'), stderr: '' });
  });

  test('render, which says that what it writes does not name the driver', () => {
    const cwd = folderWith(files);
    const { status, stderr } = iommu(['render', dump, '--to', 'out', ...toy], { cwd });
    expect(status).toBe(0);
    expect(stderr).toContain('machine.json names no drivers');
    expect(isByToy(JSON.parse(iommu(['groups', 'out', '--json'], { cwd }).stdout))).toBe(false);
    expect(readdirSync(join(cwd, 'out/sys/kernel/iommu_groups'))).toHaveLength(14);
  });

  test('groups --against, whose threads load it, and which starts with none that cannot be loaded', () => {
    const cwd = folderWith(files);
    const splits = join(root, 'fixtures/recorded/rules/ivrs-alias-same-bus.tar.gz');
    const words = ['groups', splits, '--policy', 'grouping-3.6', '--against', 'kernel'];
    const changed = (more: readonly string[]) => JSON.parse(iommu([...words, ...more], { cwd }).stdout).changes.length;
    expect(changed([])).toBeGreaterThan(0);
    expect(changed(toy)).toBe(0);
    expect(iommu([...words, '--driver', 'absent'], { cwd })).toMatchObject({ status: 2, stdout: '' });
  });

  test('run, with a tree that stays as it is', (context) => {
    needsNamespaces(context);
    const words = ['run', dump, '--static', '--quiet', ...toy, '--', 'ls', '/sys/kernel/iommu_groups'];
    const { stdout } = iommu(words, { cwd: folderWith(files) });
    expect(stdout.split('\n').filter((line) => line !== '')).toHaveLength(14);
  });
});

describe('a package that others would publish', async () => {
  const virtio = await installedFolder('iommu-driver-virtio');
  const machine = join(root, 'fixtures/recorded/virtio-iommu/virtio-001.tar.gz');

  test('is needed for its hardware, by name', () => {
    expect(iommu(['groups', machine])).toMatchObject({
      status: 3,
      stdout: expect.stringContaining('install iommu-driver-virtio'),
      stderr: expect.stringContaining('npm install iommu-driver-virtio, then --driver iommu-driver-virtio'),
    });
    expect(iommu(['check', machine, '--driver', virtio])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^partition {2}equal\nids {8}equal\n/),
    });
  });
});
