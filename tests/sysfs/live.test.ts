import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readMachine } from '@iommu/host';
import { boot } from '@iommu/machine';
import { type Caller, nodeAt, ROOT, type SysfsNode, sysfsOf, walk } from '@iommu/sysfs';
import { expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';

/*
 * The machine that the tests run on, against its own `/sys`: modes, sizes and forms of the PCI files that both have.
 */

const DEVICES = '/sys/bus/pci/devices';

const functionsHere = (): readonly string[] => {
  try {
    return readdirSync(DEVICES);
  } catch {
    return [];
  }
};

/** Numbers as numbers: what stands in a file may change while the test runs, how it looks may not. */
const form = (text: string): string =>
  text.replace(/(?<=0x)[0-9a-f]+/gi, (digits) => 'h'.repeat(digits.length)).replace(/(?<![a-z])-?\d+/gi, 'n');

const asNobody: Caller = { uid: 65_534, sysAdmin: false, sysRawio: false };
const caller = process.geteuid?.() === 0 ? ROOT : asNobody;

const described = (path: string, node: SysfsNode): string => {
  if (node.kind !== 'file') return node.kind === 'link' ? `-> ${node.target}` : 'directory';
  const head = `${node.mode.toString(8)}, ${node.size} bytes`;
  if ((node.mode & 0o444) === 0 || path.endsWith('/config')) return head;
  return `${head}: ${form(new TextDecoder('latin1').decode(node.read(caller)))}`;
};

const live = (path: string): string => {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (stat.isDirectory()) return 'directory';
  const head = `${(stat.mode & 0o777).toString(8)}, ${stat.size} bytes`;
  if ((stat.mode & 0o444) === 0 || path.endsWith('/config')) return head;
  return `${head}: ${form(readFileSync(path, 'latin1'))}`;
};

test('the PCI functions of this machine look as its kernel has them, as far as both have a file', async (context) => {
  const functions = functionsHere();
  if (functions.length === 0) context.skip(`needs PCI functions in ${DEVICES}`);
  const tree = sysfsOf(boot(await readMachine(undefined, { attributes: true }), { drivers: allDrivers() }));
  let compared = 0;
  for (const name of functions) {
    const link = nodeAt(tree.root, `bus/pci/devices/${name}`);
    if (link?.kind !== 'link') throw new Error(`${name} is ${link?.kind ?? 'not in the tree'}`);
    expect(link.target).toBe(readlinkSync(`${DEVICES}/${name}`));
    const path = link.target.replace(/^(?:\.\.\/)+/, '');
    const directory = nodeAt(tree.root, path);
    if (directory?.kind !== 'directory') throw new Error(`${path} is no directory`);
    for (const [below, node] of walk(directory, path)) {
      if (node.kind === 'directory' || !lstatSync(`/sys/${below}`, { throwIfNoEntry: false })) continue;
      // Another program may bind and unbind; whether groups are right is for other tests.
      if (/\/(?:driver|uevent|iommu|iommu_group|rom|resource\d.*)$/.test(below)) continue;
      compared++;
      expect(`${below} ${described(below, node)}`).toBe(`${below} ${live(`/sys/${below}`)}`);
    }
  }
  expect(compared).toBeGreaterThan(functions.length * 10);
});
