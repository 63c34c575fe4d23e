import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { nodeAt, sysfsOf, walk } from '@iommu/sysfs';
import type { TransportName } from '@iommu/sysfs/mount';
import { describe, expect, test } from 'vitest';
import { bootDrawn, drawnMachine, mountFolder, mountIn, runIn, shellIn } from '../support/fuse/mounts.js';

const TRANSPORTS: readonly TransportName[] = ['epoll', 'pump'];

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a mount shows the tree: every name, type, mode, size and link', async (context) => {
    const { path } = await mountIn(mountFolder(context), drawnMachine(), { transport });
    const { stdout } = await runIn(join(path, 'sys'), [
      'find',
      '.',
      '-mindepth',
      '1',
      '-printf',
      '%P\t%y\t%m\t%s\t%u:%g\t%l\n',
    ]);
    const tree = sysfsOf(bootDrawn());
    const wanted = [...walk(tree.root)].map(([name, node]) => {
      const type = { directory: 'd', file: 'f', link: 'l' }[node.kind];
      const mode = (node.kind === 'link' ? 0o777 : node.mode).toString(8);
      const size = node.kind === 'file' ? node.size : 0;
      return [name, type, mode, size, 'root:root', node.kind === 'link' ? node.target : ''].join('\t');
    });
    expect(wanted.length).toBeGreaterThan(100);
    expect(stdout.split('\n').filter(Boolean).sort()).toEqual(wanted.sort());
  });

  test('a mount shows the content of every file that may be read', async (context) => {
    const { path } = await mountIn(mountFolder(context), drawnMachine(), { transport });
    const tree = sysfsOf(bootDrawn());
    const files = [...walk(tree.root)].filter(([, node]) => node.kind === 'file' && (node.mode & 0o444) !== 0);
    expect(files.length).toBeGreaterThan(40);
    const { stdout } = await shellIn(
      join(path, 'sys'),
      'find . -type f -perm /444 | while read -r f; do echo "$f $(base64 -w0 "$f")"; done',
      40,
    );
    const shown = new Map(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(2).split(' ') as [string, string]),
    );
    for (const [name] of files) {
      const node = nodeAt(tree.root, name);
      if (node?.kind !== 'file') throw new Error(`${name} is no file`);
      const bytes = node.read({ uid: 0, sysAdmin: true, sysRawio: true });
      expect([name, shown.get(name)]).toEqual([name, Buffer.from(bytes).toString('base64')]);
    }
    expect(shown.size).toBe(files.length);
  });

  test('what is plugged in and out is seen at once, in a warm cache', async (context) => {
    const { path, control } = await mountIn(mountFolder(context), drawnMachine(), { transport });
    const look =
      'ls -R sys >/dev/null; ls sys/bus/pci/devices sys/kernel/iommu_groups; cat sys/bus/pci/devices/0000:02:00.0/vendor';
    const before = await shellIn(path, look);
    expect(before.stdout).toContain('0x8086');
    await control.unplug('02:00.0');
    const without = await shellIn(path, look);
    expect(without.stdout).not.toContain('0000:02:00.0');
    expect(without.stderr).toContain('No such file or directory');
    await control.addCard({ behind: '00:02.0', functions: [{ id: '1002:73bf', class: '030000' }] });
    const after = await shellIn(path, look);
    expect(after.stdout).toContain('0x1002');
    expect(after.stdout.split('\n').length).toBe(before.stdout.split('\n').length);
  });

  test('what a program writes it sees itself, as soon as the write returns', async (context) => {
    const { path } = await mountIn(mountFolder(context), drawnMachine(), { transport });
    const { stdout } = await shellIn(
      join(path, 'sys/bus/pci'),
      `ls devices >/dev/null
      for round in 1 2 3 4 5 6 7 8 9 10; do
        echo 1 > devices/0000:02:00.0/remove
        test -e devices/0000:02:00.0 && echo stale
        ls devices | grep -q 02:00 && echo listed
        test -e ../../devices/pci0000:00/0000:00:02.0/0000:02:00.0 && echo there
        echo 1 > rescan
        test -e devices/0000:02:00.0 || echo missing
        test "$(cat devices/0000:02:00.0/vendor)" = 0x8086 || echo wrong
        ls devices | grep -q 02:00 || echo unlisted
      done
      echo done`,
    );
    expect(stdout).toBe('done\n');
  });
});

test('reads show the machine as it is now', async (context) => {
  const { path, control } = await mountIn(mountFolder(context));
  const { stdout } = await shellIn(
    join(path, 'sys/bus/pci/devices/0000:02:00.0'),
    'cat driver_override; echo vfio-pci > driver_override; cat driver_override; echo > driver_override; cat driver_override',
  );
  expect(stdout).toBe('(null)\nvfio-pci\n(null)\n');
  await control.override('02:00.0', 'nvme');
  expect((await shellIn(path, 'cat sys/bus/pci/devices/0000:02:00.0/driver_override')).stdout).toBe('nvme\n');
});

test('an open file is read anew from its start', async (context) => {
  const { path } = await mountIn(mountFolder(context));
  const { stdout } = await runIn(join(path, 'sys/bus/pci/devices/0000:02:00.0'), [
    process.execPath,
    '-e',
    `const fs = require('fs'); const fd = fs.openSync('driver_override', 'r'); const b = Buffer.alloc(64);
     const read = () => b.toString('utf8', 0, fs.readSync(fd, b, 0, 64, 0)); const before = read();
     fs.writeFileSync('driver_override', 'vfio-pci'); console.log(JSON.stringify([before, read()]));`,
  ]);
  expect(JSON.parse(stdout)).toEqual(['(null)\n', 'vfio-pci\n']);
});

test('writes fail as the kernel has them fail', async (context) => {
  const { path } = await mountIn(mountFolder(context));
  const { stdout } = await shellIn(
    join(path, 'sys'),
    `echo() { env printf '%s\\n' "$*"; }
    try() { ( eval "$1" ) 2>&1 | sed 's/.*: //'; }
    try 'echo 1 > kernel/iommu_groups/0/reserved_regions'
    try 'echo 1 >> bus/pci/devices/0000:02:00.0/vendor'
    try 'cat bus/pci/devices/0000:02:00.0/remove'
    try 'echo nonsense > bus/pci/drivers/pcieport/bind'
    try 'echo 0000:02:00.0 > bus/pci/drivers/pcieport/unbind'
    try 'echo nonsense > kernel/iommu_groups/1/type'
    try 'head -c 5000 /dev/zero | tr "\\0" x | dd bs=8192 of=bus/pci/devices/0000:02:00.0/driver_override'
    try 'touch new'
    try 'mkdir new'
    try 'rm bus/pci/devices/0000:02:00.0/vendor'
    try 'rmdir kernel/iommu_groups/1/devices'
    try 'ln -s a b'
    try 'mv bus/pci/devices/0000:02:00.0/vendor bus/pci/devices/0000:02:00.0/other'
    try 'chmod 600 bus/pci/devices/0000:02:00.0/vendor'
    try 'truncate -s 0 bus/pci/devices/0000:02:00.0/driver_override && echo fine'`,
  );
  expect(stdout.split('\n').filter((line) => !/records|copied/.test(line))).toEqual([
    'Permission denied',
    'Permission denied',
    'Permission denied',
    'No such device',
    'No such device',
    'Invalid argument',
    'Invalid argument',
    'Permission denied',
    'Operation not permitted',
    'Operation not permitted',
    'Operation not permitted',
    'Operation not permitted',
    'Operation not permitted',
    'Operation not permitted',
    'fine',
    '',
  ]);
});

test('an ordinary user may look, and write nothing', async (context) => {
  const { path } = await mountIn(mountFolder(context));
  const as = 'exec setpriv --reuid=65534 --regid=65534 --clear-groups';
  const folder = await shellIn(
    '/',
    `chmod 755 ${join(path, '..')}; ${as} cat ${path}/sys/bus/pci/devices/0000:02:00.0/vendor`,
  );
  expect(folder.stdout).toBe('0x8086\n');
  const write = await shellIn(path, `${as} sh -c 'echo 1 > sys/bus/pci/devices/0000:02:00.0/remove'`);
  expect(write.stderr).toContain('Permission denied');
});

test('an open file of a device that has gone says so', async (context) => {
  const { path } = await mountIn(mountFolder(context));
  const { stdout } = await shellIn(
    join(path, 'sys/bus/pci/devices'),
    `exec 3< 0000:02:00.0/vendor 4> 0000:02:00.0/driver_override
    cd 0000:02:00.0
    echo 1 > remove
    cat <&3 2>&1 | sed 's/.*: //'
    env printf x 2>&1 >&4 | sed 's/.*: //'
    ls -A 2>&1
    cat vendor 2>&1 | sed 's/.*: //'
    cd ../..
    echo 1 > ${path}/sys/bus/pci/rescan
    cat <&3 2>&1 | sed 's/.*: //'
    cat ${path}/sys/bus/pci/devices/0000:02:00.0/vendor`,
  );
  expect(stdout.split('\n')).toEqual([
    'No such device',
    'No such device',
    'No such file or directory',
    'No such device',
    '0x8086',
    '',
  ]);
});

test('a mount for reading only cannot be written, and shows what happens all the same', async (context) => {
  const { path, control } = await mountIn(mountFolder(context), drawnMachine(), { readOnly: true });
  const write = await shellIn(
    path,
    'ls sys/bus/pci/devices >/dev/null; echo 1 > sys/bus/pci/devices/0000:02:00.0/remove',
  );
  expect(write.stderr).toContain('Read-only file system');
  await control.remove('02:00.0');
  expect((await shellIn(path, 'ls sys/bus/pci/devices')).stdout).not.toContain('02:00.0');
});

test('beside sys stands what a rendered folder has: the machine as it is, and its kernel', async (context) => {
  const { path, control } = await mountIn(mountFolder(context));
  const { stdout } = await shellIn(path, 'ls -x; cat proc/cmdline proc/sys/kernel/osrelease proc/sys/kernel/arch');
  expect(stdout).toBe('machine.json  proc  sys\nintel_iommu=on\n6.12.0\nx86_64\n');
  await control.unplug('02:00.0');
  const { pci } = JSON.parse((await shellIn(path, 'cat machine.json')).stdout);
  const left = bootDrawn()
    .devices.map(({ name }) => name)
    .filter((name) => name !== '0000:02:00.0');
  expect(pci.functions.map(({ address }: { address: string }) => address).sort()).toEqual(left.sort());
});

test('numbers of entries are the same in a listing and in stat', async (context) => {
  const { path } = await mountIn(mountFolder(context));
  const { stdout } = await shellIn(
    join(path, 'sys/kernel/iommu_groups'),
    `${process.execPath} -e 'for (const e of require("fs").readdirSync(".")) console.log(e, require("fs").lstatSync(e).ino)'; ls -i1 | sed 's/^ *//'`,
  );
  const lines = stdout.trimEnd().split('\n');
  const half = lines.length / 2;
  expect(half).toBeGreaterThan(2);
  expect(lines.slice(half).map((line) => line.split(' ').reverse().join(' '))).toEqual(lines.slice(0, half));
});

test('events are told in their order', async (context) => {
  const { control } = await mountIn(mountFolder(context));
  const heard: string[] = [];
  const listening = (async () => {
    for await (const { type, device } of control.events()) heard.push(`${type} ${device ?? ''}`);
  })();
  await control.list();
  await control.remove('02:00.0');
  await control.rescan();
  await control.unmount();
  await listening;
  expect(heard.filter((line) => line.startsWith('device-'))).toEqual([
    'device-left 0000:02:00.0',
    'device-removed 0000:02:00.0',
    'device-added 0000:02:00.0',
  ]);
});

test('four programs and a writer at once see one machine', async (context) => {
  const { path, control } = await mountIn(mountFolder(context));
  const readers = Array.from({ length: 4 }, () =>
    shellIn(
      path,
      'for n in 1 2 3 4 5 6 7 8; do find . >/dev/null 2>&1; cat sys/bus/pci/devices/*/vendor 2>/dev/null; done | sort -u',
    ),
  );
  for (let round = 0; round < 30; round++) {
    await control.remove('02:00.0');
    await control.rescan();
  }
  for (const { stdout } of await Promise.all(readers)) expect(stdout).toBe('0x10de\n0x8086\n');
});

test('it is the process itself that ends when the mount does', async (context) => {
  const guarded = mountFolder(context);
  const { path, pid, ended } = await mountIn(guarded);
  expect(guarded.mounts()).toEqual([path]);
  await new Promise((resolve) => execFile('umount', [path], resolve));
  await ended;
  expect(guarded.mounts()).toEqual([]);
  const isThere = () => {
    try {
      return readFileSync(`/proc/${pid}/stat`, 'latin1') !== '';
    } catch {
      return false;
    }
  };
  for (let turn = 0; turn < 50 && isThere(); turn++) await wait(50);
  expect(isThere()).toBe(false);
});
