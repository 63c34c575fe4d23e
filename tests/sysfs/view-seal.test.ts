import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { changes, hostState } from '../support/host-state.js';
import { recordedTree, shellInView, WAYS } from '../support/in-view.js';
import { needsNamespaces } from '../support/needs.js';

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

/** Values that a kernel would do nothing for, should they reach one: a failure here must not cost the machine. */
const HARMLESS: Readonly<Record<string, string>> = {
  rescan: '0',
  remove: '0',
  unbind: 'no such device',
  bind: 'no such device',
  driver_override: '',
  control: '',
  reset: '',
  new_id: 'nothing',
};

const SEALED = WAYS.filter(({ privileged }) => !privileged);

describe.each(WAYS)('for $who', (way) => {
  test('no file below /sys can be opened for writing, and nothing made or removed', async (context) => {
    needsNamespaces(context, way);
    const open = 'find /sys -type f | while read -r f; do (: >>"$f") 2>/dev/null && echo "$f"; done';
    const { stdout, stderr } = shellInView(
      await recordedTree(),
      way,
      `${open}; mkdir /sys/new; rmdir /sys/bus/platform`,
    );
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^mkdir: .*Read-only file system\nrmdir: .*Read-only file system\n$/);
  });

  test('what would change devices changes nothing outside', async (context) => {
    needsNamespaces(context, way);
    const tree = await recordedTree();
    const before = hostState();
    const names = Object.entries(HARMLESS);
    const script = names.map(
      ([name, value]) =>
        `find /sys -name ${name} -type f | while read -r f; do echo ${name}; printf '%s' '${value}' >"$f"; done`,
    );
    const { stdout, stderr } = shellInView(tree, way, script.join('\n'));
    expect(new Set(lines(stdout))).toContain('unbind');
    expect(lines(stderr).filter((line) => !/Read-only file system|Permission denied/.test(line))).toEqual([]);
    expect(lines(stderr)).toHaveLength(lines(stdout).length);
    expect(changes(before, hostState())).toEqual([]);
  });

  test('nothing is mounted on the machine, and nothing left in its folder for temporary files', async (context) => {
    needsNamespaces(context, way);
    const tree = await recordedTree();
    const look = () => [
      readFileSync('/proc/self/mounts', 'utf8'),
      readdirSync(tmpdir()).filter((name) => name.startsWith('iommu-view-')),
    ];
    const before = look();
    const { stdout } = shellInView(tree, way, 'echo in');
    expect(stdout).toBe('in\n');
    expect(look()).toEqual(before);
  });

  test('other ways to the real devices are closed', async (context) => {
    needsNamespaces(context, way);
    const { stdout } = shellInView(await recordedTree(), way, 'ls -A /proc/bus/pci /dev/vfio 2>/dev/null');
    expect(stdout.replace(/^.*:$/gm, '').trim()).toBe('');
    expect(existsSync('/proc/bus/pci') || existsSync('/dev/vfio') || context.skip('has no other way')).toBe(true);
  });
});

describe.each(SEALED)('for $who the view cannot be taken apart', (way) => {
  test.for([
    ['by unmounting', 'umount /sys || umount -l /sys || umount /sys/devices'],
    ['by making it writable', 'mount -o remount,rw /sys || mount -o remount,bind,rw /sys/bus/platform'],
    ['by moving it', 'mkdir -p "$D/m" && mount --move /sys "$D/m"'],
    ['by another mount of the real one', 'mkdir -p "$D/m" && mount -t sysfs none "$D/m"'],
    [
      'by another mount, with a network of its own',
      'mkdir -p "$D/m" && unshare --net --mount mount -t sysfs none "$D/m"',
    ],
    [
      'by yet another namespace',
      'mkdir -p "$D/m" && unshare -Urmn sh -c \'umount /sys || mount -t sysfs none "$D/m"\'',
    ],
    ['through the first process', 'nsenter --target 1 --mount true || ls /proc/1/root/sys'],
    ['through the process that started it', 'nsenter --target $PPID --mount true || ls /proc/$PPID/root/sys'],
  ])('%s', async ([, script], context) => {
    needsNamespaces(context, way);
    const tried = `D=$(mktemp -d) && { { ${script}; } 2>/dev/null && echo taken || echo refused; rm -r "$D"; }`;
    expect(shellInView(await recordedTree(), way, tried).stdout).toBe('refused\n');
  });
});
