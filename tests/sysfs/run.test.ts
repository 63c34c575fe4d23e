import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { connectMachine } from '@iommu/sysfs/mount';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Described, usualMachine } from '../support/clients.js';
import { temporaryFolder } from '../support/fake-root.js';
import { endOf, hear, WAYS } from '../support/in-view.js';
import { iommuRun, ownRuntime, servers, startIommuRun } from '../support/iommu-run.js';
import { needsFuseDevice, needsNamespaces, needsRoot, systemPath } from '../support/needs.js';

const lines = (text: string): string[] => text.split('\n').filter(Boolean);

/** The usual machine, in a file that everybody may read. */
const readableMachine = async (): Promise<Described> => {
  const machine = await usualMachine();
  chmodSync(dirname(machine.file), 0o755);
  return machine;
};

const DEVICE = '0000:02:12.0';
const LINK = `/sys/kernel/iommu_groups/3/devices/${DEVICE}`;
const SHOWN = `[ -e ${LINK} ] && echo there || echo gone`;

describe.each(WAYS)('for $who a live tree', (way) => {
  test('does what is written to it', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context, way);
    const { file } = await readableMachine();
    const script = `
      ${SHOWN}; echo 1 >/sys/bus/pci/devices/${DEVICE}/remove; ${SHOWN}; echo 1 >/sys/bus/pci/rescan; ${SHOWN}
      echo ${DEVICE} | tee /sys/bus/pci/drivers/uio_pci_generic/bind >/dev/null
      echo uio_pci_generic >/sys/bus/pci/devices/${DEVICE}/driver_override
      echo ${DEVICE} >/sys/bus/pci/drivers_probe; basename $(readlink ${LINK}/driver)`;
    const flags = ['--load', 'uio_pci_generic'];
    const { stdout, stderr } = iommuRun(way, file, ['sh', '-c', script], { flags });
    expect(lines(stdout)).toEqual(['there', 'gone', 'there', 'uio_pci_generic']);
    expect(stderr).toBe('tee: /sys/bus/pci/drivers/uio_pci_generic/bind: No such device\n');
  });

  test('takes no writes to anything that is not of the model', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context, way);
    const { file } = await readableMachine();
    const script = 'find /sys -type f | while read -r f; do (: >>"$f") 2>/dev/null && echo "$f"; done';
    const { stdout } = iommuRun(way, file, ['sh', '-c', script]);
    const ofModel =
      /^\/sys\/(?:bus\/(?:pci|platform)|class\/(?:iommu|pci_bus)|devices\/(?:pci|virtual\/iommu)|kernel\/iommu_groups|module\/[^/]+\/drivers)/;
    expect(lines(stdout)).not.toEqual([]);
    expect(lines(stdout).filter((path) => !ofModel.test(path))).toEqual([]);
  });

  test('leaves nothing behind: no mount, no process', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context, way);
    const { file } = await readableMachine();
    // Other tests mount elsewhere meanwhile.
    const mounts = () => readFileSync('/proc/self/mounts', 'utf8').match(/^.*(?:iommu-view| \/sys).*$/gm);
    const look = () => [mounts(), servers()];
    const before = look();
    expect(iommuRun(way, file, ['echo', 'in']).stdout).toBe('in\n');
    expect(look()).toEqual(before);
  });

  test('leaves the standard streams of the program as they are', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context, way);
    const { file } = await readableMachine();
    const script = 'grep -h ^flags: /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2';
    const { stdout } = iommuRun(way, file, ['sh', '-c', script]);
    // O_NONBLOCK, in octal: a program that writes much would lose what its reader does not take at once.
    expect(lines(stdout).map((line) => Number.parseInt(line.replace(/\D/g, ''), 8) & 0o4000)).toEqual([0, 0, 0]);
  });
});

const [usual] = WAYS;
if (!usual) throw new Error('nobody to be');

describe('what happens to the machine from outside', () => {
  test('is seen inside at once', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context, usual);
    const { file } = await readableMachine();
    const env = ownRuntime();
    const script = `echo up; read -r _; ${SHOWN}; read -r _; ${SHOWN}`;
    const child = startIommuRun(usual, file, script, { env });
    const end = endOf(child);
    await hear(child, /^up\n/);
    const { XDG_RUNTIME_DIR: before } = process.env;
    Object.assign(process.env, env);
    onTestFinished(() => {
      if (before === undefined) delete process.env['XDG_RUNTIME_DIR'];
      else process.env['XDG_RUNTIME_DIR'] = before;
    });
    const { control } = await connectMachine();
    const gone = hear(child, /gone\n/);
    await control.remove(DEVICE);
    child.stdin?.write('\n');
    await gone;
    const back = hear(child, /there\n/);
    await control.rescan();
    child.stdin?.write('\n');
    await back;
    control.close();
    expect(await end).toEqual([0, null]);
  });

  test('when the command is ended by force, the program ends, and so does what serves it', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context, usual);
    const { file } = await readableMachine();
    const child = startIommuRun(usual, file, 'echo up; exec sleep 40');
    await hear(child, /^up\n/);
    expect(servers()).not.toEqual([]);
    child.kill('SIGKILL');
    await expect.poll(servers, { timeout: 15_000 }).toEqual([]);
  });
});

describe('the command', () => {
  test('with --static takes no writes', async (context) => {
    needsNamespaces(context, usual);
    const { file } = await readableMachine();
    const words = ['sh', '-c', `echo 1 >/sys/bus/pci/devices/${DEVICE}/remove; ${SHOWN}`];
    const { stdout, stderr } = iommuRun(usual, file, words, { flags: ['--static'] });
    expect(stdout).toBe('there\n');
    expect(stderr).toMatch(/Read-only file system\n$/);
  });

  test('with --replace shows nothing that is not of the model', async (context) => {
    needsNamespaces(context, usual);
    const { file } = await readableMachine();
    const { stdout } = iommuRun(usual, file, ['ls', '/sys', '/sys/devices'], { flags: ['--replace'] });
    const [top, devices] = stdout.split('\n\n').map(lines);
    expect(top).toEqual(['/sys:', 'bus', 'class', 'devices', 'firmware', 'kernel', 'module']);
    expect(devices).toEqual(['/sys/devices:', 'pci0000:00', 'platform', 'virtual']);
  });

  test('shows the command line of the machine, or the one that it is booted with', async (context) => {
    needsNamespaces(context, usual);
    const { file } = await readableMachine();
    const words = ['sh', '-c', 'cat /proc/cmdline; ls /sys/kernel/iommu_groups | wc -l'];
    expect(iommuRun(usual, file, words).stdout).toBe('console=ttyS0 intel_iommu=on iommu.strict=0\n4\n');
    expect(iommuRun(usual, file, words, { flags: ['--cmdline', 'intel_iommu=off'] }).stdout).toBe(
      'intel_iommu=off\n0\n',
    );
  });

  test('as root says how to do without a user namespace where there can be none', async (context) => {
    needsRoot(context);
    const { file } = await readableMachine();
    const folder = temporaryFolder();
    const refusing =
      '#!/bin/sh\ncase "$*" in --user*) echo "unshare failed: No space left on device" >&2; exit 1;; esac\nexec "$REAL" "$@"\n';
    writeFileSync(join(folder, 'unshare'), refusing, { mode: 0o755 });
    const real = spawnSync('sh', ['-c', 'command -v unshare'], { encoding: 'utf8' }).stdout.trim();
    const env = { PATH: `${folder}:${systemPath}`, REAL: real };
    const { status, stderr } = iommuRun({ who: 'root', as: [] }, file, ['true'], {
      env,
      flags: ['--quiet', '--static'],
    });
    expect({ status, stderr }).toEqual({
      status: 125,
      stderr:
        'iommu: no view of a modelled /sys can be made here: unshare failed: No space left on device (ERR_VIEW)\n' +
        'as root, --privileged does without a user namespace; the program can then get at the real /sys\n',
    });
    const open = iommuRun({ who: 'root', as: [], privileged: true }, file, ['echo', 'in'], { env });
    expect(open.stdout).toBe('in\n');
  });

  test("ends with the program's status, and with 125 when there can be no program", async (context) => {
    needsNamespaces(context, usual);
    const { file } = await readableMachine();
    expect(iommuRun(usual, file, ['sh', '-c', 'exit 41']).status).toBe(41);
    expect(iommuRun(usual, file, ['sh', '-c', 'kill -TERM $$']).status).toBe(128 + 15);
    expect(iommuRun(usual, file, ['no-such-program']).status).toBe(127);
    const { status, stderr } = iommuRun(usual, '/no/such/file', ['true']);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^iommu: .*\/no\/such\/file.*\(ERR_HOST_INPUT\)\n$/);
  });
});
