import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { entriesToTar, readTar } from '@iommu/host';
import { describe, expect, test } from 'vitest';
import { iommu, root } from '../support/command.js';
import { temporaryFolder } from '../support/fake-root.js';

const recorded = 'fixtures/recorded/rules/root-port-with-acs.tar.gz';
const render = (...words: string[]) => iommu(['render', ...words]);
const groups = (input: string, ...words: string[]): string => iommu(['groups', input, '-n', ...words]).stdout;

const TEXT = `00:00.0 Host bridge [0600]: Intel Corporation Device [8086:1901]
00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:a338]
	Bus: primary=00, secondary=01, subordinate=01, sec-latency=0
01:00.0 Ethernet controller [0200]: Intel Corporation I210 [8086:1533]
`;

describe('as text', () => {
  test('is drawn, the whole of it or a part', () => {
    const whole = render(recorded);
    expect(whole).toMatchObject({ status: 0, stderr: '' });
    expect(whole.stdout).toMatch(/^\/sys\n├── bus\n/);
    const part = render(recorded, '--at', '/sys/kernel/iommu_groups/0/', '--contents');
    expect(part.stdout).toMatch(/^\/sys\/kernel\/iommu_groups\/0\n├── devices\n│ {3}└── 0000:00:00\.0 -> /);
    expect(part.stdout).toContain('└── type: DMA');
    const top = render(recorded, '-L', '1', '--style', 'ls');
    expect(top.stdout).toMatch(/^\/sys:\n(?:drwxr-xr-x root root 0 \w+\n){5,}$/);
  });

  test('ends quietly when nobody reads on', () => {
    const pipe = `"${process.execPath}" packages/cli/bin/iommu.js render ${recorded} --contents | head -n 1`;
    const { status, stdout, stderr } = spawnSync('sh', ['-c', pipe], { cwd: root, encoding: 'utf8', timeout: 60_000 });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '/sys\n', stderr: '' });
  });

  test('is what another kernel would show', () => {
    const at = ['--at', 'kernel/iommu_groups/0'];
    expect(render(recorded, ...at).stdout).toContain('type');
    expect(render(recorded, ...at, '--kernel', '4.18').stdout).not.toContain('type');
  });

  test.each([
    [['--at', 'kernel/nowhere'], /there is no 'kernel\/nowhere' below \/sys.*ERR_USAGE/],
    [['--at', 'kernel/iommu_groups/0/type'], /there is a file, no directory.*ERR_USAGE/],
    [['--depth', '0'], /ERR_USAGE/],
    [['--depth', 'all'], /ERR_USAGE/],
    [['--style', 'ls', '--contents'], /ERR_USAGE/],
    [['--style', 'dot'], /dot/],
    [['--text', '--tar', '-'], /only one thing can go to standard output.*ERR_USAGE/],
    [['--umockdev', '-', '--tar', '-'], /only one thing can go to standard output.*ERR_USAGE/],
    [['--to', '/sys/x'], /belongs to the running system.*ERR_SYSFS_TARGET/],
    [['--to', '/nowhere/x'], /make that folder first.*ERR_SYSFS_TARGET/],
    [['--tar', 'x.tar.xz'], /ERR_SYSFS_TARGET/],
    [['--tar', recorded], /is the input.*ERR_USAGE/],
    [['--to', 'x', '--tar', 'x'], /named twice.*ERR_USAGE/],
    [['--policy', 'mine'], /ERR_POLICY/],
  ])('%j is wrong usage', (words, message) => {
    const { status, stdout, stderr } = render(recorded, ...words);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('as a folder', () => {
  test('is read as the machine that it was, with its groups', () => {
    const folder = join(temporaryFolder(), 'm');
    const { status, stdout, stderr } = render(recorded, '--to', folder);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(
      /: written: \d+ directories, \d+ files, \d+ links\nnext: lspci -O sysfs\.path=.*\/m\/sys\/bus\/pci\n/,
    );
    expect(groups(folder)).toBe(groups(recorded));
    expect(readdirSync(join(folder, 'sys/kernel/iommu_groups')).length).toBe(
      new Set(groups(recorded).match(/^IOMMU Group \d+/gm)).size,
    );
  });

  test('is replaced by the next, and nothing else is', () => {
    const folder = temporaryFolder();
    const target = join(folder, 'm');
    expect(render(recorded, '--to', target, '-q')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(render(recorded, '--to', target, '-q', '--kernel', '4.18').status).toBe(0);
    expect(readFileSync(join(target, 'proc/sys/kernel/osrelease'), 'utf8')).toBe('4.18\n');
    expect(groups(target)).toBe(groups(recorded, '--kernel', '4.18'));
    writeFileSync(join(target, 'mine'), '');
    expect(render(recorded, '--to', target)).toMatchObject({ status: 2, stdout: '' });
    expect(readdirSync(folder)).toEqual(['m']);
    expect(readdirSync(target).sort()).toEqual(['machine.json', 'mine', 'proc', 'sys']);
  });

  test('holds the command line that was asked for', () => {
    const folder = join(temporaryFolder(), 'm');
    const words = ['--cmdline', 'intel_iommu=off'];
    expect(render(recorded, '--to', folder, ...words).status).toBe(0);
    expect(readFileSync(join(folder, 'proc/cmdline'), 'utf8')).toBe('intel_iommu=off\n');
    expect(readdirSync(join(folder, 'sys/kernel/iommu_groups'))).toEqual([]);
    expect(groups(folder)).toBe(groups(recorded, ...words));
  });
});

describe('as an archive', () => {
  test('is packed as its name says, or goes to standard output', async () => {
    const folder = temporaryFolder();
    for (const name of ['m.tar', 'm.tar.gz', 'm.tgz'])
      expect(render(recorded, '--tar', join(folder, name)).status).toBe(0);
    const plain = readFileSync(join(folder, 'm.tar'));
    expect(gunzipSync(readFileSync(join(folder, 'm.tgz')))).toEqual(plain);
    expect([...(await readTar(plain)).list('')].sort()).toEqual(['machine.json', 'proc', 'sys']);
    expect(groups(join(folder, 'm.tar.gz'))).toBe(groups(recorded));
    expect(render(recorded, '--tar', '-').stdout.length).toBeGreaterThan(100_000);
  });

  test('may be written together with the rest', () => {
    const folder = temporaryFolder();
    const places = [
      '--to',
      join(folder, 'm'),
      '--tar',
      join(folder, 'm.tar'),
      '--umockdev',
      join(folder, 'm.umockdev'),
    ];
    const { status, stdout } = render(recorded, ...places, '--text', '--at', 'kernel', '--depth', '1');
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: '/sys/kernel\n└── iommu_groups\n\n1 directory, 0 files, 0 links\n',
    });
    expect(readdirSync(folder).sort()).toEqual(['m', 'm.tar', 'm.umockdev']);
  });

  test('does not take the place of the input, however that is named', () => {
    const folder = temporaryFolder();
    copyFileSync(recorded, join(folder, 'in.tar.gz'));
    symlinkSync('in.tar.gz', join(folder, 'l.tar.gz'));
    const { size } = statSync(recorded);
    expect(render(join(folder, 'l.tar.gz'), '--tar', join(folder, 'in.tar.gz')).stderr).toContain('is the input');
    expect(statSync(join(folder, 'in.tar.gz')).size).toBe(size);
  });
});

test('as a umockdev record says what it lacks, and is read as a machine', () => {
  const file = join(temporaryFolder(), 'm.umockdev');
  const { status, stderr } = render(recorded, '--umockdev', file);
  expect(status).toBe(0);
  expect(stderr).toContain(`next: umockdev-run --device ${file} -- lspci\n`);
  expect(stderr).toContain('holds devices only: for groups, write a folder with --to');
  expect(groups(file, '--observed').split('\n').sort()).toEqual(groups(recorded, '--observed').split('\n').sort());
});

describe('says what is a guess', () => {
  test('where the input holds no firmware, and exits with 3 where groups are not sure', () => {
    const { status, stderr, stdout } = iommu(['render', '-', '--at', 'kernel'], { input: TEXT });
    expect(status).toBe(3);
    expect(stderr).toContain('supposed: the input holds no firmware tables; supposed: ');
    expect(stderr).toContain(
      'supposed: numbers, types and reserved regions of the groups, and the units, are a guess\n',
    );
    expect(stdout).toMatch(/^\/sys\/kernel\n/);
  });

  test('where numbers depend on probes that nobody knows', async () => {
    const tree = await readTar(readFileSync('fixtures/recorded/smmuv3/smmuv3-acpi-008.tar.gz'));
    expect(tree.list('')).toEqual(['smmuv3-acpi-008']);
    const folder = join(temporaryFolder(), 'm');
    expect(render('fixtures/recorded/smmuv3/smmuv3-acpi-008.tar.gz', '--to', folder, '-q').status).toBe(0);
    // Without the log, which machine.json stands for.
    writeFileSync(join(folder, 'machine.json'), JSON.stringify({ schema: 1 }));
    mkdirSync(join(folder, '..', 'n'));
    symlinkSync(join(folder, 'sys'), join(folder, '..', 'n', 'sys'));
    symlinkSync(join(folder, 'proc'), join(folder, '..', 'n', 'proc'));
    expect(render(join(folder, '..', 'n'), '--at', 'kernel').stderr).toMatch(
      /supposed: which numbers these groups have depends on an order of probes that is not known: \d+/,
    );
  });

  test('where the rules are those of no kernel', () => {
    const folder = join(temporaryFolder(), 'm');
    expect(render(recorded, '--to', folder, '--policy', 'reachability-2025').stderr).toContain(
      'info: machine.json holds no policy: read back, the groups are those of ',
    );
  });

  test('and nothing of it with --quiet', () => {
    expect(iommu(['render', '-', '-q', '--at', 'kernel'], { input: TEXT }).stderr).toBe('');
  });
});

test('nothing is written through a link that an archive holds, by no command', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'theirs'));
  const outside = join(folder, 'theirs');
  const bytes = new TextEncoder().encode('x');
  const evil = [
    [
      { path: 'sys/devices', link: outside },
      { path: 'sys/devices/evil', bytes },
    ],
    [
      {
        path: 'machine.json',
        bytes: new TextEncoder().encode(`{"schema":1,"firmware":{"acpi":{"../../theirs/evil":"eA=="}}}`),
      },
    ],
  ];
  for (const [at, entries] of evil.entries()) {
    const input = join(folder, `${at}.tar`);
    writeFileSync(input, await entriesToTar(entries));
    expect(iommu(['redact', input, '-o', join(folder, `redacted-${at}`)]).status).toBe(2);
    expect(render(input, '--to', join(folder, `rendered-${at}`)).status).toBe(2);
  }
  expect(readdirSync(outside)).toEqual([]);
  expect(readdirSync(folder).sort()).toEqual(['0.tar', '1.tar', 'theirs']);
});
