import { describe, expect, test } from 'vitest';
import type { MountEntry } from '../../src/fuse/mount-table.js';
import { type Build, buildCommands, tableOfMounts } from '../../src/view/build-script.js';

const mount = (path: string, type = 'tmpfs', options: readonly string[] = ['rw', 'relatime']): MountEntry => ({
  path,
  type,
  minor: 1,
  options,
});

const build: Build = {
  stage: '/tmp/stage',
  modelled: '/machine/sys',
  writable: false,
  steps: [
    { at: 'class', make: 'directory' },
    { at: 'class/tty', make: 'bind', from: 'real', kind: 'directory' },
    { at: 'class/net', make: 'link', target: '../net' },
    { at: 'fs', make: 'bind', from: 'real', kind: 'directory' },
    { at: 'bus/pci', make: 'bind', from: 'modelled', kind: 'directory' },
  ],
  mounts: [mount('/', 'ext4'), mount('/sys', 'sysfs', ['rw', 'nosuid', 'noexec']), mount('/sys/fs/cgroup', 'cgroup2')],
  covers: [{ at: '/proc/cmdline', by: '/tmp/stage/cmdline' }],
};

const commands = (change: Partial<Build>): string[] => buildCommands({ ...build, ...change }).split('\n');

describe('the table of mounts', () => {
  test('binds each entry from its tree, with the mounts below it, and none but those; covers come read-only', () => {
    expect(tableOfMounts(build).split('\n')).toEqual([
      '/tmp/stage/real/class/tty /tmp/stage/view/class/tty none bind,nofail 0 0',
      '/tmp/stage/real/fs /tmp/stage/view/fs none rbind,nofail 0 0',
      '/tmp/stage/modelled/bus/pci /tmp/stage/view/bus/pci none bind 0 0',
      '/tmp/stage/cmdline /proc/cmdline none bind,ro 0 0',
      '',
    ]);
  });

  test('writes blanks and backslashes as fstab has them', () => {
    expect(tableOfMounts({ ...build, stage: '/a b\\', steps: [], covers: [{ at: '/x', by: '/a b\\/y\tz' }] })).toBe(
      '/a\\040b\\134/y\\011z /x none bind,ro 0 0\n',
    );
  });
});

describe('the commands', () => {
  test('make the real tree read-only, every mount in it, before anything is bound from it', () => {
    const lines = commands({});
    expect(lines.slice(0, 3)).toEqual([
      "mount --no-mtab --rbind /sys '/tmp/stage/real'",
      "mount --no-mtab -o remount,bind,ro,nosuid,noexec '/tmp/stage/real'",
      "mount --no-mtab -o remount,bind,ro,relatime '/tmp/stage/real/fs/cgroup' || [ ! -e '/tmp/stage/real/fs/cgroup' ]",
    ]);
    expect(lines.findIndex((line) => line.includes('--all'))).toBeGreaterThan(2);
  });

  test('leave the modelled tree writable only if writes do something', () => {
    const modelled = "mount --no-mtab -o remount,bind,ro,relatime '/tmp/stage/modelled'";
    expect(commands({})).toContain(modelled);
    expect(commands({ writable: true })).not.toContain(modelled);
  });

  test('without a view of both trees never touch the real one', () => {
    const { steps: _steps, ...alone } = build;
    const text = buildCommands(alone);
    expect(text).not.toContain('/tmp/stage/real');
    expect(text).toContain("mount --no-mtab --move '/tmp/stage/modelled' /sys\n");
  });

  test('cover other mounts of the real tree too, and take the stage away at last', () => {
    const lines = commands({ mounts: [...build.mounts, mount("/chroot's/sys", 'sysfs')] });
    const place = "'/chroot'\\''s/sys'";
    expect(lines.slice(-4)).toEqual([
      `mount --no-mtab --rbind '/tmp/stage/view' ${place} || [ ! -e ${place} ]`,
      "mount --no-mtab --move '/tmp/stage/view' /sys",
      "umount --no-mtab --lazy '/tmp/stage'",
      '',
    ]);
  });
});
