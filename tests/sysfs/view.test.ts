import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inView, recordedTree, shellInView, WAYS } from '../support/in-view.js';
import { needsNamespaces } from '../support/needs.js';

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

const GROUPS = "cd /sys/kernel/iommu_groups && printf '%s\\n' */devices/*";
const DANGLING = 'find . -xtype l 2>/dev/null';

/** The machine's own network interfaces that are no PCI devices. */
const ownInterfaces = (): string[] =>
  readdirSync('/sys/class/net').filter((name) => {
    try {
      return !/\/pci[0-9a-f]{4,}:/.test(readlinkSync(`/sys/class/net/${name}`));
    } catch {
      return true;
    }
  });

describe.each(WAYS)('for $who', (way) => {
  test('a program finds the modelled tree within the real one', async (context) => {
    needsNamespaces(context, way);
    const tree = await recordedTree();
    const groups = join(tree, 'kernel/iommu_groups');
    const members = readdirSync(groups).flatMap((id) =>
      readdirSync(join(groups, id, 'devices')).map((name) => `${id}/devices/${name}`),
    );
    const { stdout, stderr } = shellInView(tree, way, `${GROUPS}; ls /sys/bus/pci/devices; ls /sys/class/net`);
    expect(stderr).toBe('');
    expect(lines(stdout)).toEqual([...members, ...readdirSync(join(tree, 'bus/pci/devices')), ...ownInterfaces()]);
  });

  test('no link in the view leads nowhere, unless it does in one of the two trees', async (context) => {
    needsNamespaces(context, way);
    const tree = await recordedTree('vtd/intel-003');
    const known = ['/sys', tree].flatMap((cwd) =>
      lines(spawnSync('sh', ['-c', DANGLING], { cwd, encoding: 'utf8' }).stdout),
    );
    const { stdout } = shellInView(tree, way, `${DANGLING}; echo end`, { cwd: '/sys' });
    expect(lines(stdout).filter((path) => !known.includes(path))).toEqual(['end']);
  });

  test('the modelled tree alone is there if that is asked for', async (context) => {
    needsNamespaces(context, way);
    const tree = await recordedTree('smmuv3/smmuv3-001');
    const list = 'find . | sort';
    const { stdout } = shellInView(tree, way, list, { mode: 'replace', cwd: '/sys' });
    expect(stdout).toBe(spawnSync('sh', ['-c', list], { cwd: tree, encoding: 'utf8' }).stdout);
  });

  test('the command line of the model stands in /proc/cmdline, and the real one where the model has none', async (context) => {
    needsNamespaces(context, way);
    const tree = await recordedTree();
    const words = ['cat', '/proc/cmdline'];
    expect(inView(tree, { commandLine: 'quiet intel_iommu=on' }, way, words).stdout).toBe('quiet intel_iommu=on\n');
    expect(inView(tree, {}, way, words).stdout).toBe(readFileSync('/proc/cmdline', 'utf8'));
  });

  test('a program starts where its caller is, in the view where that is below /sys', async (context) => {
    needsNamespaces(context, way);
    const tree = await recordedTree();
    const { stdout } = shellInView(tree, way, 'pwd; ls', { cwd: '/sys/kernel/iommu_groups' });
    expect(lines(stdout)).toEqual(['/sys/kernel/iommu_groups', ...readdirSync(join(tree, 'kernel/iommu_groups'))]);
    expect(shellInView(tree, way, 'pwd', { cwd: tmpdir() }).stdout).toBe(`${tmpdir()}\n`);
  });

  test('libraries of systemd are told to take it for /sys', async (context) => {
    needsNamespaces(context, way);
    expect(shellInView(await recordedTree(), way, 'echo $SYSTEMD_DEVICE_VERIFY_SYSFS').stdout).toBe('0\n');
  });
});
