import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { observedReport } from '@iommu/analysis';
import { readMachine } from '@iommu/host';
import { boot } from '@iommu/machine';
import { expect, test } from 'vitest';
import { runProgram } from '../support/clients.js';
import { iommu } from '../support/command.js';
import { temporaryFolder } from '../support/fake-root.js';
import { needsProgram } from '../support/needs.js';

const MACHINES = [
  'fixtures/authored/workstation-gpu.json',
  'fixtures/authored/arm-two-smmus.json',
  'fixtures/authored/server-vfs.json',
  'fixtures/recorded/vtd/intel-003.tar.gz',
];

interface Group {
  readonly id: number;
  readonly type: string;
  readonly devices: readonly string[];
  readonly reservedRegions: readonly string[];
}

/** What a reader finds of groups: in it their members have no order. */
const facts = (groups: readonly Group[]) =>
  groups.map(({ id, type, devices, reservedRegions }) => ({ id, type, devices: [...devices].sort(), reservedRegions }));

const computed = (file: string) =>
  facts((JSON.parse(iommu(['groups', file, '--json', '--quiet']).stdout) as { groups: Group[] }).groups);

/** The groups that a folder or an archive shows, and the identity of its PCI functions. */
const shown = async (path: string) => {
  const machine = await readMachine(path);
  const report = observedReport(machine);
  const running = boot(machine, { drivers: [] });
  return {
    groups: facts((report?.groups ?? []) as readonly Group[]),
    ids: running.topology.devices
      .map(({ name, facts: { vendor, device, classCode } }) => [name, vendor, device, classCode] as const)
      .sort(),
  };
};

const described = async (file: string) =>
  boot(await readMachine(file), { drivers: [] })
    .topology.devices.map(
      ({ name, facts: { vendor, device, classCode } }) => [name, vendor, device, classCode] as const,
    )
    .sort();

/** What tests of sriov-network-device-plugin do with a literal, in words of our own: make it below a folder. */
const program = (literal: string): string => `package main

import (
	"os"
	"path/filepath"
)

type FakeFilesystem struct {
	RootDir  string
	Dirs     []string
	Files    map[string][]byte
	Symlinks map[string]string
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	root := os.Args[1]
	fs := ${literal.replace('&utils.', '&')}
	for _, dir := range fs.Dirs {
		check(os.MkdirAll(filepath.Join(root, dir), 0755))
	}
	for name, body := range fs.Files {
		check(os.WriteFile(filepath.Join(root, name), body, 0600))
	}
	for link, target := range fs.Symlinks {
		check(os.Symlink(target, filepath.Join(root, link)))
		_, err := os.Stat(filepath.Join(root, link))
		check(err)
	}
}
`;

const goEnvironment = (folder: string) => ({
  CGO_ENABLED: '0',
  GO111MODULE: 'off',
  GOPROXY: 'off',
  GOCACHE: join(folder, 'cache'),
  HOME: folder,
});

test.for(MACHINES)('gofmt reads the literal of %s', (file, context) => {
  needsProgram(context, 'gofmt');
  const { status, stdout: literal, stderr } = iommu(['export', file, '--format', 'go', '--quiet']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const formatted = spawnSync('gofmt', [], { input: literal, encoding: 'utf8' });
  expect({ status: formatted.status, stderr: formatted.stderr }).toEqual({ status: 0, stderr: '' });
});

test.for([MACHINES[0] ?? '', MACHINES[3] ?? ''])(
  'a Go program makes of the literal of %s a folder with the same groups, in which no link leads nowhere',
  async (file, context) => {
    needsProgram(context, 'go');
    const folder = temporaryFolder();
    const root = join(folder, 'root');
    mkdirSync(root);
    writeFileSync(join(folder, 'main.go'), program(iommu(['export', file, '-f', 'go', '-q']).stdout));
    const ran = runProgram(['go', 'run', join(folder, 'main.go'), root], goEnvironment(folder));
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
    expect(await shown(root)).toEqual({ groups: computed(file), ids: await described(file) });
  },
);

test.for(MACHINES)('a snapshot for ghw of %s shows the same groups, and unpacks', async (file, context) => {
  needsProgram(context, 'tar');
  const path = join(temporaryFolder(), 'snapshot.tar.gz');
  const written = iommu(['export', file, '--format', 'ghw', '--to', path, '--quiet']);
  expect(written).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(await shown(path)).toEqual({ groups: computed(file), ids: await described(file) });
  const { status, stdout, stderr } = runProgram(['tar', '-tvzf', path]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const listed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => ({ isDirectory: line.startsWith('d'), name: line.split(/ +/)[5]?.replace(/\/$/, '') ?? '' }));
  const names = listed.map(({ name }) => name);
  // ghw makes no directory that is not listed before what is in it.
  const made = new Set<string>(['.']);
  for (const { name, isDirectory } of listed) {
    expect(made.has(name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '.'), name).toBe(true);
    if (isDirectory) made.add(name);
  }
  for (const { devices } of computed(file)) {
    for (const device of devices.filter((one) => /^[0-9a-f]{4,}:[0-9a-f]{2}:/.test(one))) {
      expect(names).toContain(`sys/bus/pci/devices/${device}`);
      for (const entry of ['class', 'vendor', 'device', 'modalias', 'iommu_group'])
        expect(
          names.filter((name) => name.startsWith('sys/devices/') && name.endsWith(`/${device}/${entry}`)),
        ).toHaveLength(1);
    }
  }
});

test('the same machine gives the same snapshot', () => {
  const folder = temporaryFolder();
  const bytes = ['a', 'b'].map((name) => {
    const path = join(folder, name);
    iommu(['export', MACHINES[0] ?? '', '-f', 'ghw', '-q', '-o', path]);
    return runProgram(['sha256sum', path]).stdout.split(' ')[0];
  });
  expect(bytes[0]).toBe(bytes[1]);
});
