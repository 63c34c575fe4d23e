import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { root } from '../support/command.js';
import { aloneDriver } from '../support/driver-packages.js';
import { needsFuse } from '../support/needs.js';

const program = join(root, 'packages/cli/bin/iommu.js');
const recording = join(root, 'fixtures/recorded/rules/acpi-base-intel.tar.gz');

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In seconds. */
const LONGEST = 50;

const start = (words: readonly [string, ...string[]]): Promise<Ran> =>
  new Promise((resolve) => {
    const options = { cwd: '/', env: { ...process.env, LC_ALL: 'C' }, encoding: 'utf8' } as const;
    execFile('timeout', ['-s', 'KILL', String(LONGEST), ...words], options, (error, stdout, stderr) => {
      resolve({ status: error ? (typeof error.code === 'number' ? error.code : -1) : 0, stdout, stderr });
    });
  });

/*
 * A script in mount and process namespaces of its own: whatever it leaves behind, mounts and processes, goes with it, and it
 * sees no other mounted machine. $iommu is the command, $dump a recorded machine, and /mnt is empty.
 */
const PRELUDE = `
iommu="${process.execPath} ${program}"; dump="${recording}"
mount -t tmpfs none /mnt || exit 99
waitFor() { n=0; until eval "$1"; do n=$((n+1)); test $n -gt 200 && { echo "never: $1"; exit 98; }; sleep 0.05; done; }
`;

const script = (context: TestContext, text: string): Promise<Ran> => {
  needsFuse(context);
  const inside = `mount -t tmpfs none /run || exit 99\n${PRELUDE}${text}`;
  return start(['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc', 'sh', '-c', inside]);
};

test.for(['INT', 'TERM', 'HUP'])(
  'a mount in the foreground ends with SIG%s, and leaves nothing behind',
  async (signal, context) => {
    const { stdout, stderr, status } = await script(
      context,
      `$iommu mount $dump /mnt/machine 2> /run/said & mounting=$!
    waitFor 'grep -q mounted /run/said'
    cat /run/said >&2; server=$(sed -n 's/.*mounted, by process \\([0-9]*\\).*/\\1/p' /run/said)
    ls /mnt/machine /mnt/machine/sys/kernel/iommu_groups
    sleep 0.3
    kill -${signal} $mounting; wait $mounting; echo status $?
    grep -c ' /mnt/machine' /proc/self/mountinfo; ls -A /mnt /run/iommu; kill -0 $server 2> /run/gone || echo gone`,
    );
    expect(stderr).toContain('/mnt/machine/sys: mounted, by process');
    expect(stdout.split('\n')).toEqual([
      ...['/mnt/machine:', 'machine.json', 'proc', 'sys', '', '/mnt/machine/sys/kernel/iommu_groups:'],
      ...['0', '1', '2', '3', '4', '5', '6', '7', 'status 0', '0', '/mnt:', '', '/run/iommu:', 'gone', ''],
    ]);
    expect(status).toBe(0);
  },
);

test('a mount in the background is plugged and bound from another terminal', async (context) => {
  const { stdout, stderr, status } = await script(
    context,
    `set -e; cd /mnt
    $iommu mount --quiet -d $dump machine; ls machine/sys/bus/pci/devices | wc -l
    $iommu hotplug add 00:02.0 10de:2684:030000 10de:22ba:040300 || echo status $?
    $iommu hotplug unplug 01:00.0
    $iommu hotplug add 00:02.0 10de:2684:030000 10de:22ba:040300
    cat machine/sys/bus/pci/devices/0000:01:00.1/class
    readlink machine/sys/bus/pci/devices/0000:01:00.1/iommu_group
    $iommu hotplug load vfio-pci
    $iommu hotplug override 01:00.0 vfio-pci; cat machine/sys/bus/pci/devices/0000:01:00.0/driver_override
    $iommu hotplug bind 01:00.0 vfio-pci; readlink machine/sys/bus/pci/devices/0000:01:00.0/driver
    $iommu hotplug list | grep 01:00
    $iommu hotplug --json list | grep -o '"0000:01:00.0","driver":"vfio-pci"'
    $iommu hotplug unbind 01:00.0; $iommu hotplug unbind 01:00.0 || echo status $?
    $iommu hotplug remove 02:00.0; ls machine/sys/bus/pci/devices | grep -c 02:00 || true
    $iommu hotplug --mount /mnt/machine rescan
    $iommu hotplug unmount; ls`,
  );
  expect(stderr.replaceAll(/^npm.*\n/gm, '')).toBe(
    'iommu: 0000:01:00.0 is plugged in already (ERR_PCI_DUPLICATE)\niommu: ENODEV: 0000:01:00.0 has no driver\n',
  );
  expect(stdout.split('\n')).toEqual([
    '10',
    'status 2',
    '0000:01:00.0',
    '0000:01:00.1',
    '0x040300',
    expect.stringMatching(/\/kernel\/iommu_groups\/\d+$/),
    'vfio-pci',
    '../../../../bus/pci/drivers/vfio-pci',
    expect.stringMatching(/^IOMMU Group \d+ 0000:01:00.0 vfio-pci$/),
    expect.stringMatching(/^IOMMU Group \d+ 0000:01:00.1/),
    '"0000:01:00.0","driver":"vfio-pci"',
    'status 1',
    '0',
    '0000:02:00.0',
    '',
  ]);
  expect(status).toBe(0);
});

test('functions are added from a file as machine.json lists them', async (context) => {
  const { stdout } = await script(
    context,
    `cd /mnt; $iommu mount -qd $dump machine
    cat machine/machine.json > before.json
    $iommu hotplug unplug 02:00.0
    ${process.execPath} -e 'const m = JSON.parse(require("fs").readFileSync("before.json")); console.log(JSON.stringify(m.pci.functions.filter((f) => f.address === "0000:02:00.0")))' > card.json
    $iommu hotplug plug card.json; ls machine/sys/bus/pci/devices | grep -c 02:00
    $iommu hotplug rescan
    $iommu hotplug unplug 02:00.0; $iommu hotplug add card.json
    $iommu hotplug add before.json; echo status $?
    echo '{}' > none.json; $iommu hotplug add none.json; echo status $?
    $iommu hotplug unmount`,
  );
  expect(stdout.split('\n')).toEqual(['0', '0000:02:00.0', '0000:02:00.0', 'status 2', 'status 2', '']);
});

test('events are printed as they happen, until it is unmounted', async (context) => {
  const { stdout, status } = await script(
    context,
    `cd /mnt; $iommu mount -qd $dump machine
    $iommu hotplug events > events & listening=$!
    $iommu hotplug --json events > lines & both=$!
    device=machine/sys/bus/pci/devices/0000:02:00.0
    waitFor 'echo x > $device/driver_override; echo > $device/driver_override; test -s events && test -s lines'
    echo 1 > $device/remove
    $iommu hotplug unmount; wait $listening && wait $both && grep removed events lines`,
  );
  expect(stdout.split('\n')).toEqual([
    'events:group-removed group 7',
    'events:device-removed 0000:02:00.0',
    'lines:{"type":"group-removed","group":7}',
    'lines:{"type":"device-removed","device":"0000:02:00.0"}',
    '',
  ]);
  expect(status).toBe(0);
});

test('which machine is meant is asked only when there are several', async (context) => {
  const { stdout, stderr } = await script(
    context,
    `cd /mnt; $iommu hotplug list; echo status $?
    $iommu mount -qd $dump one; $iommu hotplug list | wc -l
    $iommu mount -qd $dump two; $iommu hotplug list; echo status $?
    $iommu hotplug --mount two remove 02:00.0; $iommu hotplug --mount one list | wc -l; $iommu hotplug --mount two list | wc -l
    $iommu hotplug --mount three list; echo status $?
    umount one two; waitFor 'test -z "$(ls -A /run/iommu)"'; ls`,
  );
  expect(stdout.split('\n')).toEqual(['status 2', '10', 'status 2', '10', '9', 'status 2', '']);
  expect(stderr).toContain('no machine is mounted; mount one: iommu mount INPUT DIR (ERR_CONTROL_GONE)');
  expect(stderr).toContain('several machines are mounted, name one: /mnt/one, /mnt/two (ERR_CONTROL_WHICH)');
  expect(stderr).toContain('no machine is mounted at /mnt/three (ERR_CONTROL_GONE)');
});

test('another kernel and command line can be asked for, and writing be forbidden', async (context) => {
  const { stdout, stderr } = await script(
    context,
    `cd /mnt; $iommu mount -qd --read-only --kernel 5.4 --cmdline "intel_iommu=on quiet" $dump machine
    cat machine/proc/cmdline machine/proc/sys/kernel/osrelease
    stat -c %a machine/sys/kernel/iommu_groups/0/type
    echo 1 > machine/sys/bus/pci/rescan`,
  );
  expect(stdout).toBe('intel_iommu=on quiet\n5.4\n444\n');
  expect(stderr).toContain('Read-only file system');
});

test('what cannot be mounted is told with what to do', async (context) => {
  const { stdout, stderr } = await script(
    context,
    `cd /mnt; $iommu mount $dump /sys/kernel; echo status $?
    mkdir -p full/x; $iommu mount $dump full; echo status $?
    $iommu mount /nowhere new; echo status $?; $iommu mount $dump; echo status $?
    $iommu mount -qd $dump machine; $iommu mount -qd $dump machine; echo status $?
    $iommu hotplug fly; echo status $?; $iommu hotplug vfs 01:00.0; echo status $?; ls`,
  );
  expect(stdout).toBe(`${'status 2\n'.repeat(7)}full\nmachine\n`);
  expect(stderr).toContain("/sys is the running system's own");
  expect(stderr).toContain('full: is not empty; name an empty or a new directory (ERR_SYSFS_TARGET)');
  expect(stderr).toContain('unmount it with: iommu hotplug --mount /mnt/machine unmount');
  expect(stderr).toContain("no action 'fly'; there are add, ");
  expect(stderr).toContain('expected: iommu hotplug vfs DEVICE COUNT');
});

test('a mount that a killed process left behind gives way to the next', async (context) => {
  const { stdout } = await script(
    context,
    `cd /mnt; $iommu mount -qd $dump machine
    kill -9 $(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' /run/iommu/*.json)
    waitFor 'ls machine 2>&1 | grep -qE "not connected|connection abort"'
    $iommu hotplug list; echo status $?
    $iommu mount -qd $dump machine; grep -c ' /mnt/machine' /proc/self/mountinfo; ls machine`,
  );
  expect(stdout).toBe('status 2\n1\nmachine.json\nproc\nsys\n');
});

test('within a user namespace it takes no root', async (context) => {
  needsFuse(context);
  const inside = `${PRELUDE}
    export XDG_RUNTIME_DIR=/mnt/run; mkdir -m 700 /mnt/run; cd /mnt
    $iommu mount -qd $dump machine; cat machine/sys/kernel/iommu_groups/0/type; stat -c %U machine/sys
    $iommu hotplug remove 02:00.0 && ls machine/sys/bus/pci/devices | wc -l
    mount --bind machine/sys /sys && ls /sys/kernel/iommu_groups | wc -l`;
  const { stdout } = await start([
    'unshare',
    '--user',
    '--map-root-user',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child=KILL',
    '--mount-proc',
    'sh',
    '-c',
    inside,
  ]);
  expect(stdout).toBe('DMA-FQ\nroot\n9\n7\n');
});

test('without root and without a user namespace it says what would do', async (context) => {
  needsFuse(context);
  const { status, stderr } = await start([
    'unshare',
    '--user',
    process.execPath,
    program,
    'mount',
    recording,
    '/tmp/iommu-never',
  ]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/ERR_SYSFS_MOUNT|ERR_SYSFS_TARGET/);
  expect(stderr).toContain('iommu render --to DIR');
  expect(stderr).toContain('iommu run');
});

test('a mount asks a driver that is named first, and says of one that is not there', async (context) => {
  const { stdout, stderr } = await script(
    context,
    `cat > /run/alone.mjs <<'END'${aloneDriver('alone')}END
    $iommu mount $dump /mnt/machine --driver ./absent.mjs; echo status $?
    $iommu mount -d $dump /mnt/machine --driver /run/alone.mjs
    ls /mnt/machine/sys/kernel/iommu_groups | wc -l; ls /mnt/machine/sys/bus/pci/devices | wc -l
    ls /mnt/machine/sys/class/iommu
    umount /mnt/machine`,
  );
  expect(stderr).toContain('--driver ./absent.mjs: there is no /absent.mjs');
  expect(stderr).toContain('drivers alone and intel-vtd both answer for');
  const [status, groups, devices, units] = stdout.split('\n');
  expect([status, units]).toEqual(['status 2', 'alone0']);
  expect(groups).toBe(devices);
});
