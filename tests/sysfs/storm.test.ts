import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isIommuError } from '@iommu/core';
import type { MachineControl, Mount, TransportName } from '@iommu/sysfs/mount';
import { expect, onTestFinished, test } from 'vitest';
import {
  drawnMachine,
  mountFolder,
  mountIn,
  runIn,
  shellIn,
  slowVtd,
  WITHOUT_SERVER,
  walker,
} from '../support/fuse/mounts.js';
import { random, runs } from '../support/sweep.js';

/** What a walker saw. */
interface Seen {
  readonly rounds: number;
  readonly reads: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
}

/** Start one. Fulfilled when it has begun. */
const startWalker = async (path: string): Promise<{ child: ChildProcess; seen: Promise<Seen> }> => {
  const child = spawn(process.execPath, [fileURLToPath(walker()), join(path, 'sys')], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const seen = new Promise<Seen>((resolve, reject) =>
    child.once('close', (status, signal) => {
      // Once it has said everything, a signal may meet it on its way out.
      if (text.endsWith('}\n')) resolve(JSON.parse(text.slice(text.indexOf('\n'))));
      else reject(new Error(`a walker ended with ${status ?? signal}`));
    }),
  );
  seen.catch(() => {});
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { child, seen };
};

/** Two cards, told apart by vendor and device. */
const card = (number: '1111' | '2222') => ({
  behind: '00:03.0',
  functions: [{ id: `${number}:${number}`, class: '020000' }],
});

/** What can happen. What is refused because of what happened before, is refused. */
const EVENTS: readonly ((control: MachineControl) => Promise<unknown>)[] = [
  (control) => control.addCard(card('1111')),
  (control) => control.addCard(card('2222')),
  (control) => control.unplug('04:00.0'),
  (control) => control.unplug('04:00.0'),
  (control) => control.remove('02:00.0'),
  (control) => control.rescan(),
  (control) => control.rescan(),
  (control) => control.remove('00:03.0'),
  (control) => control.override('02:00.0', 'vfio-pci'),
  (control) => control.override('02:00.0', null),
  (control) => control.probe('02:00.0'),
  (control) => control.unbind('02:00.0'),
  (control) => control.bind('01:00.0', 'vfio-pci'),
  (control) => control.unbind('01:00.0'),
  (control) => control.load('vfio-pci'),
  (control) => control.unload('vfio-pci'),
  (control) => control.type(1, 'identity'),
  (control) => control.type(1, 'DMA'),
];

/** So many events are on their way at once. */
const AHEAD = 8;

/** Let so many events happen. */
const storm = async (control: MachineControl, count: number, choose: (below: number) => number): Promise<void> => {
  let left = count;
  const one = async () => {
    while (left > 0) {
      try {
        await EVENTS[choose(EVENTS.length)]?.(control);
        left -= 1;
      } catch (error) {
        if (!isIommuError(error) || error.code.startsWith('ERR_CONTROL')) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: AHEAD }, one));
};

/** The machine as its mount shows it, and as the process that serves it knows it. */
const both = async ({ path, control }: Mount): Promise<[string[], string[]]> => {
  const { groups, ungrouped } = await control.list();
  const listed = [...groups.flatMap(({ devices }) => devices), ...ungrouped].map(
    ({ name, driver }) => `${name} ${driver ?? '-'}`,
  );
  const members = groups.flatMap(({ id, devices }) => devices.map(({ name }) => `${id} ${name}`));
  const types = groups.map(({ id, type }) => `${id} is ${type}`);
  const { stdout } = await shellIn(
    join(path, 'sys'),
    `cd bus/pci/devices; for d in *; do test -e $d/driver && l=$(readlink $d/driver) || l=-; echo "$d \${l##*/}"; done
    for d in *; do g=$(readlink $d/iommu_group) && echo "\${g##*/} $d"; done
    cd ../../../kernel/iommu_groups; for g in *; do echo "$g is $(cat $g/type)"; for d in $g/devices/*; do echo "$g \${d##*/}"; done; done`,
  );
  const shown = [...new Set(stdout.trimEnd().split('\n'))];
  return [shown.sort(), [...listed, ...members, ...types].sort()];
};

const descriptors = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

const WALKERS = 4;
const STORMS: readonly { readonly events: number; readonly transport: TransportName }[] = [
  { events: runs(10_000, 1_000), transport: 'epoll' },
  { events: runs(2_000, 200), transport: 'pump' },
];
const CHECKS = 10;
/** In seconds. */
const LONGEST = runs(600, 150);

test.for(STORMS)(
  `${WALKERS} programs read everything while $events devices and drivers come and go, over $transport`,
  {
    timeout: LONGEST * 1000,
  },
  async ({ events, transport }, context) => {
    const guarded = mountFolder(context, LONGEST);
    const mount = await mountIn(guarded, drawnMachine(), { transport });
    const { path, pid, control } = mount;
    const choose = random(1);
    await control.load('vfio-pci');
    await shellIn(path, 'find sys -type f -exec cat {} + >/dev/null 2>&1');
    await storm(control, 200, choose);
    const before = { descriptors: descriptors(pid), ...(await control.stats()) };

    const walkers = await Promise.all(Array.from({ length: WALKERS }, () => startWalker(path)));
    for (let check = 0; check < CHECKS; check++) {
      await storm(control, events / CHECKS, choose);
      // Nothing happens now: the mount must show what is, although all of it is in the kernel's cache.
      const [shown, known] = await both(mount);
      expect(shown).toEqual(known);
    }
    for (const { child } of walkers) child.kill('SIGTERM');
    const seen = await Promise.all(walkers.map((one) => one.seen));

    expect(seen.flatMap(({ wrong }) => wrong)).toEqual([]);
    const codes = new Set(seen.flatMap(({ errors }) => Object.keys(errors)));
    for (const allowed of ['ENOENT', 'ENODEV', 'EACCES', 'EIO']) codes.delete(allowed);
    expect([...codes]).toEqual([]);
    for (const { rounds } of seen) expect(rounds).toBeGreaterThan(1);

    const { stdout } = await runIn(path, ['find', '.', '-printf', 'x']);
    // What has gone, the kernel has forgotten, and so have we: it tells of it when nobody is in it any more, a while after.
    const kept = async (): Promise<number> => (await control.stats()).entries;
    await expect.poll(kept, { timeout: 10_000, interval: 100 }).toBeLessThanOrEqual(stdout.length + 100);
    const after = { descriptors: descriptors(pid), ...(await control.stats()) };
    expect(after.openFiles).toBe(0);
    expect(after.descriptors).toBeLessThanOrEqual(before.descriptors);
    expect(after.memory - before.memory).toBeLessThan(100 * 1024 * 1024);
  },
);

test('a server that is killed in the middle of it leaves nobody waiting, and the next mount works', {
  timeout: 120_000,
}, async (context) => {
  const guarded = mountFolder(context, 110);
  const choose = random(2);
  for (let round = 0; round < runs(10, 3); round++) {
    const mount = await mountIn(guarded);
    const walkers = await Promise.all(Array.from({ length: WALKERS }, () => startWalker(mount.path)));
    const storming = storm(mount.control, 100_000, choose).catch((error: unknown) => error);
    await wait(100 + choose(500));
    process.kill(mount.pid, 'SIGKILL');
    await expect(mount.ended).rejects.toThrow('SIGKILL');
    expect(await storming).toMatchObject({ code: 'ERR_CONTROL_GONE' });
    for (const { child, seen } of walkers) {
      child.kill('SIGTERM');
      expect((await seen).wrong).toEqual([]);
    }
    expect(guarded.mounts()).toEqual([]);
  }
  const { path } = await mountIn(guarded);
  expect((await shellIn(path, 'ls sys/kernel/iommu_groups')).stdout).toContain('0');
});

/** So often it is tried to meet the moment. */
const TRIES = runs(8, 2);

/*
 * The kernel may hold a notification back until a request is answered, and a process that is killed then cannot end: its
 * thread waits for the kernel, which waits for an answer. It takes a moment to be met: here about every second time.
 */
test.for(['which somebody watches', 'which nobody watches'])(
  'a server that is killed while the kernel holds back what it was told, %s, leaves nobody waiting',
  { timeout: 180_000 },
  async (who, context) => {
    const guarded = mountFolder(context, 170);
    const isWatched = who.startsWith('which somebody');
    for (let round = 0; round < TRIES; round++) {
      const mount = await mountIn(guarded, drawnMachine(), { drivers: [slowVtd()], background: !isWatched });
      const lookUp = `i=0; while cat proc/cmdline >/dev/null; do i=$((i+1)); for j in 1 2 3 4 5 6 7 8 9; do test -e sys/bus/pci/drivers/$i-$j; done; done`;
      const programs = Array.from({ length: 8 }, () => shellIn(mount.path, lookUp, 60));
      await wait(400);
      // The first is told to the kernel while the second keeps the process from answering anybody.
      const slow = { behind: '00:03.0', functions: [{ id: 'ffff:ffff', class: '020000' }] };
      for (const call of [mount.control.load('other'), mount.control.addCard(slow)]) call.catch(() => {});
      await wait(400);
      process.kill(mount.pid, 'SIGKILL');
      if (isWatched) await expect(mount.ended).rejects.toThrow('SIGKILL');
      else await mountIn(guarded).then((next) => next.unmount());
      for (const { stderr } of await Promise.all(programs)) expect(stderr).toMatch(WITHOUT_SERVER);
      expect(guarded.mounts()).toEqual([]);
    }
  },
);
