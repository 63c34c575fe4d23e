import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../support/fake-root.js';
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
    const folder = temporaryFolder();
    chmodSync(folder, 0o777);
    // Other tests mount elsewhere meanwhile.
    const mounts = () =>
      lines(readFileSync('/proc/self/mounts', 'utf8')).filter((line) => /iommu-view| \/sys/.test(line));
    const before = mounts();
    const { stdout } = shellInView(tree, way, 'grep -c /sys /proc/self/mounts', { folder });
    expect(Number(stdout)).toBeGreaterThan(before.length);
    expect(mounts()).toEqual(before);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('other ways to the real devices are closed', async (context) => {
    needsNamespaces(context, way);
    const { stdout } = shellInView(await recordedTree(), way, 'ls -A /proc/bus/pci /dev/vfio 2>/dev/null');
    expect(stdout.replace(/^.*:$/gm, '').trim()).toBe('');
    expect(existsSync('/proc/bus/pci') || existsSync('/dev/vfio') || context.skip('has no other way')).toBe(true);
  });
});

/** What root could try, by what it tries. `$D` is an empty folder. */
const ATTEMPTS: Readonly<Record<string, string>> = {
  'to unmount it': 'umount /sys || umount -l /sys || umount /sys/devices',
  'to make it writable': 'mount -o remount,rw /sys || mount -o remount,bind,rw /sys/bus/platform',
  'to move it': 'mount --move /sys "$D"',
  'to mount the real one': 'mount -t sysfs none "$D"',
  'to mount the real one in a network of its own': 'unshare --net --mount mount -t sysfs none "$D"',
  'both in yet another namespace': 'unshare -Urmn sh -c \'umount /sys || mount -t sysfs none "$D"\'',
  'to enter the first process': 'nsenter --target 1 --mount true || ls /proc/1/root/sys',
  'to enter the process that started it': 'nsenter --target $PPID --mount true || ls /proc/$PPID/root/sys',
};

describe.each(SEALED)('for $who', (way) => {
  test('whatever is tried, the view cannot be taken apart', async (context) => {
    needsNamespaces(context, way);
    const tries = Object.entries(ATTEMPTS).map(
      ([what, script]) => `D=$(mktemp -d); if { ${script}; } >/dev/null 2>&1; then echo '${what}'; fi; rmdir "$D"`,
    );
    const { status, stdout } = shellInView(await recordedTree(), way, [...tries, 'echo end'].join('\n'));
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'end\n' });
  });
});
