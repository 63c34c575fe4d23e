import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot, type Machine } from '@iommu/machine';
import { sysfsOf, walk } from '@iommu/sysfs';
import { type Mount, mountSysfs } from '@iommu/sysfs/mount';
import { factsOfHost } from './support/host.js';
import { type Figure, median } from './support/measure.js';

const DEVICES = 10_000;
const MANY = 1_000_000;
const ROUNDS = 30;

const DEVICE_LINKS = 'bus/pci/devices';

const drivers = [import.meta.resolve('@iommu/driver-intel-vtd')];

const machineOf = (functions: number): Machine => ({
  schema: 1,
  kernel: { release: '7.3.0', arch: 'x86_64' },
  pci: { functions: factsOfHost(functions), acsRead: 'after-boot' },
});

/** The C program that looks at devices. */
const compileLook = (folder: string): string => {
  const program = join(folder, 'look');
  execFileSync('cc', ['-O2', '-o', program, fileURLToPath(new URL('./support/look.c', import.meta.url))]);
  return program;
};

/** Nanoseconds a device, of the first round and of the others. */
const look = (program: string, ...directories: readonly string[]): { cold: number; warm: number } => {
  const { status, stdout, stderr } = spawnSync(program, [String(ROUNDS + 1), ...directories], {
    encoding: 'utf8',
    cwd: '/',
    timeout: 120_000,
  });
  if (status !== 0) throw new Error(`looking at devices failed: ${stderr}`);
  const [cold = 0, ...warm] = stdout.trimEnd().split('\n').map(Number);
  return { cold, warm: median(warm) };
};

/** The directories and links of the same tree, on a file system in memory. */
const copyLinks = (machine: Machine, root: string): void => {
  for (const [path, node] of walk(sysfsOf(boot(machine, { drivers: [intelVtd()] })).root)) {
    if (node.kind === 'directory') mkdirSync(join(root, path));
    else if (node.kind === 'link') symlinkSync(node.target, join(root, path));
  }
};

/** Look at a copy in memory, and take it away. */
const lookAtCopy = (program: string, machine: Machine): { cold: number; warm: number } => {
  const root = mkdtempSync('/dev/shm/iommu-bench-');
  try {
    copyLinks(machine, root);
    return look(program, join(root, DEVICE_LINKS));
  } finally {
    rmSync(root, { recursive: true });
  }
};

const lookAtTree = async (folder: string): Promise<Figure[]> => {
  const program = compileLook(folder);
  const machine = machineOf(DEVICES);
  const copy = lookAtCopy(program, machine);
  const real = readdirSync('/sys/bus')
    .map((bus) => join('/sys/bus', bus, 'devices'))
    .filter((directory) => readdirSync(directory).length > 0);
  const sysfs = look(program, ...real);
  await using mount = await mountSysfs(machine, join(folder, 'mount'), { drivers });
  const mounted = look(program, join(mount.path, 'sys', DEVICE_LINKS));
  const again = look(program, join(mount.path, 'sys', DEVICE_LINKS));
  const { memory } = await mount.control.stats();
  console.log(
    `  ${DEVICES} devices, ns each: mount ${mounted.cold} cold, ${again.warm} warm; tmpfs ${copy.warm}; real sysfs ${sysfs.warm}; the server has ${Math.round(memory / 2 ** 20)} MiB`,
  );
  return [
    {
      name: 'stat and readlink of 10,000 devices, warm: mount / tmpfs',
      value: again.warm / copy.warm,
      unit: 'x',
      bar: 3,
    },
    { name: 'the same: mount / real sysfs', value: again.warm / sysfs.warm, unit: 'x', bar: 3 },
  ];
};

/** Seconds that a program takes, and how many lines it prints. */
const timed = (words: readonly [string, ...string[]]): { seconds: number; lines: number } => {
  const [name, ...rest] = words;
  const start = process.hrtime.bigint();
  const { status, stdout } = spawnSync(name, rest, {
    encoding: 'latin1',
    cwd: '/',
    maxBuffer: 2 ** 30,
    timeout: 300_000,
  });
  if (status !== 0) throw new Error(`${words.join(' ')} failed`);
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, lines: stdout.split('\n').length - 1 };
};

const lookAtMany = async (folder: string): Promise<Figure[]> => {
  const start = process.hrtime.bigint();
  await using mount: Mount = await mountSysfs(machineOf(MANY), join(folder, 'many'), {
    drivers,
    nodeOptions: ['--max-old-space-size=16384'],
  });
  const grouped = Number(process.hrtime.bigint() - start) / 1e9;
  const before = await mount.control.stats();
  const groups = join(mount.path, 'sys/kernel/iommu_groups');
  const one = timed(['ls', join(groups, '999/devices')]);
  const between = await mount.control.stats();
  const all = timed(['ls', '-U', groups]);
  const again = timed(['ls', '-U', groups]);
  const after = await mount.control.stats();
  const mebibytes = ({ memory }: { memory: number }) => Math.round(memory / 2 ** 20);
  console.log(
    `  ${MANY} functions: mounted after ${grouped.toFixed(1)} s; ls of one group ${one.seconds.toFixed(3)} s; ls -U of all ${all.lines} ${all.seconds.toFixed(2)} s, again ${again.seconds.toFixed(2)} s; the server had ${mebibytes(before)} MiB, then ${mebibytes(between)} MiB, then ${mebibytes(after)} MiB`,
  );
  return [
    { name: 'first ls of a group among those of 1,000,000 functions', value: one.seconds, unit: ' s', bar: 1 },
    { name: 'first ls -U of all of those groups', value: all.seconds, unit: ' s', bar: 1 },
  ];
};

/** A live mount, as programs feel it. Needs root, FUSE and a C compiler. */
export const mount = async (): Promise<Figure[]> => {
  if (process.getuid?.() !== 0 || spawnSync('cc', ['--version']).status !== 0) {
    console.log('  left out: needs root, FUSE and a C compiler');
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'iommu-bench-'));
  try {
    return [...(await lookAtTree(folder)), ...(await lookAtMany(folder))];
  } finally {
    rmSync(folder, { recursive: true });
  }
};
