import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isIommuError } from '@iommu/core';
import { boot, type RunningMachine } from '@iommu/machine';
import {
  abiEntries,
  abiFolder,
  abiOf,
  checkAbi,
  matchAbi,
  nodeAt,
  ROOT,
  readDocuments,
  type SysfsDirectory,
  type SysfsNode,
  sysfsOf,
  walk,
} from '@iommu/sysfs';
import { beforeAll, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { archives, machineOf, readRecordings } from '../support/recordings.js';
import { handMade } from './hand-made.js';

const CATEGORIES = ['vtd', 'amdvi', 'smmuv3', 'virtio-iommu', 'rules', 'asked', 'hotplug', 'pairs'];

/** A tree, and what it is the tree of. */
interface Subject {
  readonly machine: string;
  /** Of its kernel; absent: the newest. */
  readonly release: string | undefined;
  readonly root: SysfsDirectory;
}

/** Complaints, one for each kind of path, and as many as a person reads. */
class Complaints {
  readonly #byKind = new Map<string, string>();

  add(path: string, text: string): void {
    const kind = path.replace(/(?:\/(?:pci)?[0-9a-f]{4,}:[0-9a-f]{2}(?::[0-9a-f]{2}\.[0-7])?)+|\/\d+\b/g, '/*');
    if (!this.#byKind.has(kind)) this.#byKind.set(kind, `${path} ${text}`);
  }

  get texts(): readonly string[] {
    return [...this.#byKind.values()].slice(0, 50);
  }
}

const rendered = new Set<string>();
const undocumented = new Complaints();
const ambiguous = new Complaints();
const misdescribed = new Complaints();
const early = new Complaints();
const misled = new Complaints();
const accepting = new Complaints();

const octal = (mode: number): string => `0${mode.toString(8).padStart(3, '0')}`;

/** What an entry must say of what stands at its path. */
const said = (node: SysfsNode): RegExp => {
  if (node.kind === 'link') return /^Link /;
  const mode = octal(node.mode);
  if (node.kind === 'directory') return new RegExp(`^Directory, mode ${mode}\\b`);
  return new RegExp(`\\b(?:mode ${mode}\\b|${mode} before )`);
};

const isOlder = (release: string, than: string): boolean => {
  const [a = [], b = []] = [release, than].map((text) => text.split(/[.-]/).map(Number));
  const [major = 0, minor = 0] = a;
  const [thanMajor = 0, thanMinor = 0] = b;
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
};

const look = (path: string, node: SysfsNode, { machine, release }: Subject): void => {
  const [best, next] = matchAbi(path, node.kind);
  if (!best) {
    undocumented.add(path, `(${node.kind}, ${machine})`);
    return;
  }
  const { what, entry } = best;
  rendered.add(what);
  if (next && next.literal === best.literal && next.entry !== entry) ambiguous.add(path, `${what} ${next.what}`);
  if (!said(node).test(entry.description)) {
    misdescribed.add(path, `is a ${node.kind}${node.kind === 'link' ? '' : `, mode ${octal(node.mode)}`}: ${what}`);
  }
  if (node.kind === 'file' && (node.mode & 0o222) !== 0 && !/\bE[A-Z]{3,}\b/.test(entry.description)) {
    misdescribed.add(path, `can be written, and ${what} names no error`);
  }
  if (release !== undefined && entry.kernelVersion !== undefined && isOlder(release, entry.kernelVersion)) {
    early.add(path, `is since ${entry.kernelVersion}, and ${machine} is ${release}`);
  }
};

/** What an entry says that the model does not take, it must not take. */
const tryWrite = (path: string, node: SysfsNode): void => {
  if (node.kind !== 'file' || !node.write) return;
  const [best] = matchAbi(path, node.kind);
  if (!best || !/writes\s+give\s+EPERM/i.test(best.entry.description)) return;
  try {
    node.write(new TextEncoder().encode('1\n'), ROOT);
    accepting.add(path, 'takes a write');
  } catch (error) {
    if (!isIommuError(error, 'ERR_REFUSED') || error.errno !== 'EPERM') accepting.add(path, `gives ${String(error)}`);
  }
};

/** The names of links that lead to different things, so that a path through them is not followed. */
const MANIFOLD = ['subsystem'];

/** What a path through a link is said to be must be what is there. */
const lookThrough = (path: string, target: string, { root, machine }: Subject): void => {
  if (MANIFOLD.includes(posix.basename(path))) return;
  const real = posix.join(posix.dirname(path), target);
  const there = nodeAt(root, real);
  if (there?.kind !== 'directory') return;
  for (const name of there.names()) {
    const kind = there.child(name)?.kind;
    const [meant] = matchAbi(`/sys/${real}/${name}`, kind);
    const answer = abiOf(`/sys/${path}/${name}${kind === 'directory' ? '/' : ''}`);
    if (answer !== meant?.entry) misled.add(`${path}/${name}`, `is ${meant?.what}, not ${answer?.what} (${machine})`);
  }
};

const lookAt = (running: RunningMachine, machine: string, through = false): void => {
  const { root } = sysfsOf(running);
  const subject = { machine, release: running.kernel.release, root };
  look('/sys', root, subject);
  for (const [path, node] of walk(root)) {
    look(`/sys/${path}`, node, subject);
    if (through && node.kind === 'link') lookThrough(path, node.target, subject);
    if (through) tryWrite(`/sys/${path}`, node);
  }
};

beforeAll(async () => {
  for (const category of CATEGORIES) {
    for (const [index, archive] of archives(category).entries()) {
      for (const { tree, name } of await readRecordings(archive)) {
        lookAt(boot(machineOf(tree), { drivers: allDrivers() }), name, index === 0);
      }
    }
  }
  for (const [name, running] of handMade()) lookAt(running, name, true);
}, 240_000);

test('no path is without an entry of its own', () => {
  expect(undocumented.texts).toEqual([]);
});

test('no entry is for a path that nothing shows', () => {
  const documented = abiEntries().flatMap(({ what }) => what);
  expect(documented.filter((what) => !rendered.has(what))).toEqual([]);
});

test('no path has two entries of which neither is meant more', () => {
  expect(ambiguous.texts).toEqual([]);
});

test('every entry says what stands at its path, with what mode, and the errors of a write', () => {
  expect(misdescribed.texts).toEqual([]);
});

test('no release shows a path that came later, as its entry has it', () => {
  expect(early.texts).toEqual([]);
});

test('a path through a link has the entry of where the link leads', () => {
  expect(misled.texts).toEqual([]);
});

test('what an entry says to be refused is refused', () => {
  expect(accepting.texts).toEqual([]);
});

test('the documents pass the check that the kernel makes of its own', () => {
  expect(checkAbi(readDocuments())).toEqual([]);
});

test('the README names every field and every level that is used', () => {
  const readme = readFileSync(join(abiFolder(), 'README'), 'utf8');
  for (const field of ['What', 'Date', 'KernelVersion', 'Contact', 'Description', 'Users']) {
    expect(readme).toContain(`\n${field}:`);
  }
  for (const level of ['stable', 'testing', 'obsolete', 'removed']) {
    expect(readme).toContain(`\n  ${level}/`);
    expect(existsSync(join(abiFolder(), level)), level).toBe(abiEntries().some((entry) => entry.level === level));
  }
});
