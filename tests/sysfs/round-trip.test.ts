import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { check, groupsReport } from '@iommu/analysis';
import { type FileTree, readMachine, readMachineBytes } from '@iommu/host';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import {
  lineChunks,
  type RootEntry,
  rootEntries,
  rootFiles,
  sysfsOf,
  tarChunks,
  umockdevLines,
  writeFolder,
} from '@iommu/sysfs';
import { afterAll, describe, expect, test } from 'vitest';
import { collect } from '../support/collect.js';
import { allDrivers } from '../support/drivers.js';
import { temporaryFolder } from '../support/fake-root.js';
import { needsFullRun } from '../support/needs.js';
import { archives, machineOf, type Recording, readRecordings } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

/*
 * Every recorded machine, written and read again by the readers of dumps.
 */

const CATEGORIES = ['vtd', 'amdvi', 'smmuv3', 'virtio-iommu', 'rules', 'pairs', 'asked', 'hotplug'];
const DESCRIPTION = 'machine.json';

const booted = (machine: Machine): RunningMachine => boot(machine, { drivers: allDrivers() });

/** A machine as data that compares, whatever the reader called it. */
const plain = (machine: Machine): unknown => JSON.parse(JSON.stringify({ ...machineToJson(machine), name: 'it' }));

/** What is said of a machine's groups, members in no order, as none can be observed. */
const groupsOf = (running: RunningMachine) =>
  groupsReport(running).groups.map((group) => ({ ...group, devices: [...group.devices].sort() }));

/** A machine without what the kernel said of its groups, functions in one order. */
const unobserved = ({ observed: _, pci, ...rest }: Machine): Machine => {
  if (!pci) return rest;
  const functions = [...pci.functions].sort((a, b) => (a.address < b.address ? -1 : 1));
  return { ...rest, pci: { ...pci, functions } };
};

/** The recording as it would be if nobody had kept the log. */
const loglessTree = (tree: FileTree): FileTree => ({
  read: (path) => (path === 'dmesg.txt' ? undefined : tree.read(path)),
  link: (path) => tree.link(path),
  list: (path) => tree.list(path).filter((name) => name !== 'dmesg.txt'),
});

/** Of the log the recordings alone tell it; what is written has a file for it, as a live system has. */
const withArch = (machine: Machine, arch: string | undefined): Machine =>
  arch === undefined ? machine : { ...machine, kernel: { ...machine.kernel, arch } };

/** Recordings of which only the log tells how their groups came about. */
const decidedByLog: string[] = [];
let compared = 0;

afterAll(() => {
  console.log(
    `without machine.json ${decidedByLog.length} of ${compared} machines rest on the kernel's log: ${decidedByLog.join(', ')}`,
  );
});

const checkOne = async ({ name, tree }: Recording): Promise<void> => {
  const running = booted(machineOf(tree));
  const { root } = sysfsOf(running);
  const description = running.describe();
  const entries = (): RootEntry[] => [...rootEntries(root, rootFiles(description))];
  const folder = join(temporaryFolder(), 'machine');
  writeFolder(entries(), folder);

  // With the description everything is as it was.
  const whole = await readMachine(folder);
  expect(plain(whole)).toEqual(plain(description));
  expect(groupsOf(booted(whole))).toEqual(groupsOf(running));
  expect(plain(await readMachineBytes(await collect(tarChunks(entries()))))).toEqual(plain(description));

  // Without it the tree is read as that of any machine: it is the recording without its log.
  rmSync(join(folder, DESCRIPTION));
  const bare = await readMachine(folder);
  const logless = withArch(machineOf(loglessTree(tree)), description.kernel?.arch);
  expect(plain(unobserved(bare))).toEqual(plain(unobserved(logless)));
  expect(bare.observed?.groups.map((group) => ({ name: null, ...group }))).toEqual(groupsOf(running));
  const bareEntries = entries().filter(({ path }) => path !== DESCRIPTION);
  expect(plain(await readMachineBytes(await collect(tarChunks(bareEntries))))).toEqual(plain(bare));

  // The groups that the tree shows are those that are computed from it, unless the log decided.
  compared++;
  const isKept = isDeepStrictEqual(groupsOf(booted(logless)), groupsOf(running));
  const verdict = check(booted(bare));
  if (isKept) expect(verdict).toMatchObject({ partition: 'equal', ids: 'equal', missing: [] });
  else decidedByLog.push(`${name} (partition ${verdict?.partition}, ids ${verdict?.ids})`);

  // A record of devices: no firmware, no kernel, and of groups only the links to them.
  const recorded = await readMachineBytes(await collect(lineChunks(umockdevLines(root))));
  expect(plain({ schema: 1, ...(recorded.pci && { pci: recorded.pci }) })).toEqual(
    plain({ schema: 1, ...(bare.pci && { pci: bare.pci }) }),
  );
  const links = groupsOf(running).map(({ id, devices }) => ({ id, devices }));
  const seen = recorded.observed?.groups.map(({ id, devices }) => ({ id, devices: [...devices].sort() }));
  expect(seen ?? []).toEqual(links);
};

describe('a recorded machine that is written and read again is the same, with the same groups', () => {
  test.each(sampled(CATEGORIES.flatMap(archives), 6))('%s', async (archive) => {
    for (const recording of await readRecordings(archive)) await checkOne(recording);
  });
});

test('further attributes of functions come back as well, in every form', async () => {
  const attributes = { irq: '130', numa_node: '1', local_cpulist: '0-7', power_state: 'D0', enable: '1', devspec: '' };
  const config = new Uint8Array(256).fill(1, 0, 64);
  const functions = [{ address: '0000:00:02.0', parent: null, class: '030000', config, driver: null, attributes }];
  const running = booted({ schema: 1, kernel: { release: '6.12', arch: 'x86_64' }, pci: { functions } });
  const { root } = sysfsOf(running);
  const entries = [...rootEntries(root, rootFiles(running.describe()))].filter(({ path }) => path !== DESCRIPTION);
  const folder = join(temporaryFolder(), 'machine');
  writeFolder(entries, folder);
  const read = { attributes: true };
  for (const machine of [
    await readMachine(folder, read),
    await readMachineBytes(await collect(tarChunks(entries)), read),
    await readMachineBytes(await collect(lineChunks(umockdevLines(root))), read),
  ]) {
    expect(machine.pci?.functions[0]).toMatchObject({ address: '0000:00:02.0', class: '030000', attributes });
  }
});

test('few machines rest on the log', (context) => {
  needsFullRun(context);
  expect(decidedByLog.length).toBeLessThan(compared / 8);
});
