import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { boot, type RunningMachine } from '@iommu/machine';
import {
  nodeAt,
  ROOT,
  rootEntries,
  rootFiles,
  type SysfsDirectory,
  sysfsOf,
  writeFolder,
  writeTar,
  writeUmockdev,
} from '@iommu/sysfs';
import { describe, expect, test } from 'vitest';
import { contentOf } from '../../packages/sysfs/test/support/folders.js';
import { allDrivers } from '../support/drivers.js';
import { temporaryFolder } from '../support/fake-root.js';
import { needsProgram, systemPath } from '../support/needs.js';
import { archives, machineOf, readRecordings } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

/*
 * Programs that know nothing of us, on what we wrote.
 */

const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: systemPath, LC_ALL: 'C', ...env },
    timeout: 30_000,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout;
};

interface Rendered {
  readonly running: RunningMachine;
  readonly sys: SysfsDirectory;
}

const rendered = async (archive: string): Promise<Rendered> => {
  const [recording] = await readRecordings(archive);
  const running = boot(machineOf(recording!.tree), { drivers: allDrivers() });
  return { running, sys: sysfsOf(running).root };
};

const entriesOf = ({ running, sys }: Rendered) => rootEntries(sys, rootFiles(running.describe()));

/** A line for each PCI function, as `lspci -D -n -k` begins it, and its driver. */
const listed = ({ running, sys }: Rendered): string[] =>
  running.topology.devices.map(({ name }) => {
    const at = `bus/pci/devices/${name}`;
    const link = nodeAt(sys, at);
    const path = link?.kind === 'link' ? `devices/${link.target.slice('../../../devices/'.length)}` : '';
    const text = (attribute: string): string => {
      const file = nodeAt(sys, `${path}/${attribute}`);
      return file?.kind === 'file' ? new TextDecoder().decode(file.read(ROOT)).trim().slice(2) : '';
    };
    const driver = nodeAt(sys, `${path}/driver`);
    const bound = driver?.kind === 'link' ? ` ${driver.target.split('/').at(-1)}` : '';
    return `${name} ${text('class').slice(0, 4)}: ${text('vendor')}:${text('device')}${bound}`;
  });

/** The same of what it printed, which has lines between. */
const ofLspci = (output: string): string[] =>
  output.split(/\n(?=[0-9a-f])/).map((part) => {
    const [head = ''] = part.split('\n');
    const driver = /\tKernel driver in use: (.*)/.exec(part)?.[1];
    return `${head.replace(/ \(.*?\)/, '')}${driver === undefined ? '' : ` ${driver}`}`;
  });

const CHOSEN = sampled([...archives('vtd'), ...archives('amdvi'), ...archives('smmuv3')], 3);

describe.each(CHOSEN)('%s', (archive) => {
  test('lspci lists the functions and drivers of a folder', async (context) => {
    needsProgram(context, 'lspci');
    const machine = await rendered(archive);
    const folder = join(temporaryFolder(), 'm');
    writeFolder(entriesOf(machine), folder);
    const words = ['-A', 'linux-sysfs', '-O', `sysfs.path=${folder}/sys/bus/pci`, '-D', '-n', '-k'];
    expect(ofLspci(run('lspci', words)).sort()).toEqual(listed(machine).sort());
  });

  test('umockdev shows the devices of a record, and with a folder the groups too', async (context) => {
    needsProgram(context, 'umockdev-run');
    const machine = await rendered(archive);
    const folder = temporaryFolder();
    const record = join(folder, 'm.umockdev');
    await writeUmockdev(machine.sys, record);
    const script =
      'cd /sys/bus/pci/devices; for d in *; do echo "$d $(cat $d/class) $(od -An -v -tx1 $d/config | tr -d " \\n" | cksum) $(readlink $d/iommu_group)"; done';
    writeFolder(entriesOf(machine), join(folder, 'm'));
    const preload = { UMOCKDEV_DIR: join(folder, 'm'), LD_PRELOAD: 'libumockdev-preload.so.0' };
    const ofFolder = run('sh', ['-c', script], preload);
    expect(ofFolder.split('\n').length - 1).toBe(machine.running.topology.devices.length);
    expect(run('umockdev-run', ['--device', record, '--', 'sh', '-c', script])).toBe(ofFolder);
    expect(run('sh', ['-c', 'cd /sys/kernel/iommu_groups; echo *'], preload).trim().split(' ').sort()).toEqual(
      [...machine.running.iommu.groups].map(({ id }) => String(id)).sort(),
    );
  });

  test('tar unpacks an archive to the same as a folder', async (context) => {
    needsProgram(context, 'tar');
    const machine = await rendered(archive);
    const folder = temporaryFolder();
    writeFolder(entriesOf(machine), join(folder, 'm'));
    for (const name of ['a.tar', 'b.tar.gz']) {
      await writeTar(entriesOf(machine), join(folder, name));
      mkdirSync(join(folder, name.slice(0, 1)));
      run('tar', ['-xpf', join(folder, name), '-C', join(folder, name.slice(0, 1))]);
    }
    const written = contentOf(join(folder, 'm'));
    expect(Object.keys(written).length).toBeGreaterThan(100);
    expect(contentOf(join(folder, 'a'))).toEqual(written);
    expect(contentOf(join(folder, 'b'))).toEqual(written);
  });
});
