import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectMachine, mounted, mountSysfs } from '@iommu/sysfs/mount';
import { expect, onTestFinished, test } from 'vitest';
import {
  drawnMachine,
  mountFolder,
  mountIn,
  server,
  shellIn,
  startMounting,
  WITHOUT_SERVER,
} from '../support/fuse/mounts.js';

const isThere = (pid: number): boolean => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
};

/** Wait for something to become so, for some seconds. */
const until = async (isSo: () => boolean): Promise<void> => {
  for (let turn = 0; turn < 200 && !isSo(); turn++) await wait(50);
};

test('a killed server leaves no mount behind where somebody waits for its end', async (context) => {
  const guarded = mountFolder(context);
  const { path, pid, ended } = await mountIn(guarded);
  await shellIn(path, 'ls -R sys');
  process.kill(pid, 'SIGKILL');
  await expect(ended).rejects.toThrow('SIGKILL');
  expect(guarded.mounts()).toEqual([]);
  expect(await mounted()).not.toContain(path);
  await expect(connectMachine(path)).rejects.toMatchObject({ code: 'ERR_CONTROL_GONE' });
});

test('a mount that a killed process left behind gives way to the next', async (context) => {
  const guarded = mountFolder(context);
  const left = await startMounting(guarded, { background: true });
  left.child.kill('SIGKILL');
  process.kill(left.pid, 'SIGKILL');
  await until(() => !isThere(left.pid));
  expect(guarded.mounts()).toEqual([left.path]);
  expect((await shellIn('/', `ls ${left.path}`)).stderr).toMatch(WITHOUT_SERVER);
  const next = await mountIn(guarded);
  expect(guarded.mounts()).toEqual([next.path]);
  expect((await shellIn(next.path, 'ls sys/kernel/iommu_groups')).stdout).toContain('0');
});

test('a server that is stopped and then killed does not hold up the next mount', async (context) => {
  const guarded = mountFolder(context);
  const left = await startMounting(guarded, { background: true });
  left.child.kill('SIGKILL');
  process.kill(left.pid, 'SIGSTOP');
  // Waits for an answer that does not come.
  const waiting = shellIn(left.path, 'ls sys/kernel/iommu_groups');
  await wait(300);
  process.kill(left.pid, 'SIGKILL');
  const next = await mountIn(guarded);
  expect(guarded.mounts()).toEqual([next.path]);
  expect((await waiting).status).not.toBe(0);
});

test('a mount ends with the process that wanted it, however that ends', async (context) => {
  const guarded = mountFolder(context);
  const parent = await startMounting(guarded);
  expect(guarded.mounts()).toEqual([parent.path]);
  parent.child.kill('SIGKILL');
  await until(() => !isThere(parent.pid));
  expect([guarded.mounts(), isThere(parent.pid)]).toEqual([[], false]);
});

test('a mount in the background stays when the process that wanted it ends', async (context) => {
  const guarded = mountFolder(context);
  const parent = await startMounting(guarded, { background: true });
  parent.child.kill('SIGKILL');
  await until(() => parent.child.exitCode !== null || parent.child.signalCode !== null);
  await wait(300);
  expect(guarded.mounts()).toEqual([parent.path]);
  expect((await shellIn(parent.path, 'cat proc/cmdline')).stdout).toBe('intel_iommu=on\n');
  process.kill(parent.pid, 'SIGTERM');
  await until(() => !isThere(parent.pid));
  expect([guarded.mounts(), isThere(parent.pid)]).toEqual([[], false]);
});

test('a mount that is used all the same goes out of sight, and its users get errors', async (context) => {
  const guarded = mountFolder(context);
  const mount = await mountIn(guarded);
  const user: ChildProcess = spawn(
    'sh',
    ['-c', 'cd "$0"; echo in; read -r _; ls 2>&1; cat proc/cmdline 2>&1', mount.path],
    {
      cwd: '/',
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, LC_ALL: 'C' },
    },
  );
  onTestFinished(() => void user.kill('SIGKILL'));
  let said = '';
  user.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  await until(() => said.includes('in'));
  await mount.unmount();
  expect(guarded.mounts()).toEqual([]);
  user.stdin?.end('\n');
  await until(() => user.exitCode !== null);
  expect(said).toMatch(WITHOUT_SERVER);
});

test('a connection that was ended from outside ends the mount', async (context) => {
  const guarded = mountFolder(context);
  const mount = await mountIn(guarded);
  guarded.abort(mount.path);
  await mount.ended;
  expect(guarded.mounts()).toEqual([]);
});

test('a directory that was made for it is taken away again, another one stays', async (context) => {
  const guarded = mountFolder(context);
  const made = await mountIn(guarded);
  await made.unmount();
  expect((await shellIn(guarded.path, 'ls')).stdout).toBe('');
  mkdirSync(join(guarded.path, 'machine'));
  const there = await mountIn(guarded);
  await there.unmount();
  expect((await shellIn(guarded.path, 'ls')).stdout).toBe('machine\n');
});

test('the running system is not covered, nor what somebody keeps, nor a mount', async (context) => {
  const guarded = mountFolder(context);
  const mount = (directory: string) => mountSysfs(drawnMachine(), directory, { server: server() });
  const at = (name: string) => join(guarded.path, name);
  symlinkSync('/sys/kernel', at('link'));
  mkdirSync(at('full'));
  mkdirSync(at('full/inside'));
  writeFileSync(at('file'), '');
  onTestFinished(async () => void (await shellIn(guarded.path, 'rm -r link full file')));
  const refusal = { code: 'ERR_SYSFS_TARGET' };
  for (const directory of ['/sys', '/sys/kernel', '/proc/1', '/dev/shm', '/', at('link')])
    await expect(mount(directory)).rejects.toMatchObject({
      ...refusal,
      message: expect.stringContaining("running system's own"),
    });
  await expect(mount(at('full'))).rejects.toMatchObject({ ...refusal, message: expect.stringContaining('not empty') });
  await expect(mount(at('file'))).rejects.toMatchObject({
    ...refusal,
    message: expect.stringContaining('not a directory'),
  });
  await expect(mount(at('a/b/c'))).rejects.toMatchObject({ ...refusal, message: expect.stringContaining('parent') });
  const { path } = await mountIn(guarded);
  await expect(mount(path)).rejects.toMatchObject({
    ...refusal,
    message: expect.stringContaining('is a mount already'),
  });
  expect(guarded.mounts()).toEqual([path]);
});

test('what cannot be booted is reported, and nothing is mounted', async (context) => {
  const guarded = mountFolder(context);
  const broken = { schema: 1 as const, pci: { functions: [{ address: 'nonsense' }] } };
  await expect(mountIn(guarded, broken)).rejects.toMatchObject({ code: 'ERR_PCI_ADDRESS' });
  await expect(mountIn(guarded, drawnMachine(), { policy: 'nonsense' })).rejects.toMatchObject({ code: 'ERR_POLICY' });
  await expect(mountIn(guarded, drawnMachine(), { drivers: ['file:///nowhere.mjs'] })).rejects.toThrow('nowhere');
  expect(guarded.mounts()).toEqual([]);
});

test('a driver that is named stands in for one of its name, by the default export of its module', async (context) => {
  const guarded = mountFolder(context);
  const module =
    'data:text/javascript,export default () => ({ specVersion: 1, name: "intel-vtd", bind: () => undefined });';
  const { path, unmount } = await mountIn(guarded, drawnMachine(), { drivers: [module] });
  expect((await shellIn(path, 'ls sys/kernel/iommu_groups; ls -d sys/bus/pci/devices/*')).stdout).toContain('01:00.0');
  expect((await shellIn(path, 'ls sys/kernel/iommu_groups')).stdout).toBe('');
  await unmount();
  const empty = 'data:text/javascript,export const drivers = 5;';
  await expect(mountIn(guarded, drawnMachine(), { drivers: [empty] })).rejects.toMatchObject({
    code: 'ERR_DRIVER_CONTRACT',
  });
});

test('who disposes of a mount unmounts it', async (context) => {
  const guarded = mountFolder(context);
  const use = async () => {
    await using mount = await mountIn(guarded);
    expect(guarded.mounts()).toEqual([mount.path]);
  };
  await use();
  expect(guarded.mounts()).toEqual([]);
});
