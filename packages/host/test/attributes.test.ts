import { PCI_ATTRIBUTES } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import type { FileTree } from '../src/file-tree.js';
import { readMachineBytes } from '../src/read-machine.js';
import { redactBytes } from '../src/redact/input.js';
import { readSnapshot } from '../src/snapshot.js';
import { SMALL, type SysfsFunctions, sysfs } from './support/sysfs.js';
import { memoryTree } from './support/trees.js';

/** Every listed attribute, and others that are none of ours. */
const FILES = {
  ...Object.fromEntries(PCI_ATTRIBUTES.map((name) => [name, `${name} as read\n`])),
  vpd: 'SN WX-90777',
  label: 'Onboard LAN',
  serial_number: '9c-6b-00-ff-fe-5e-c4-a7\n',
};

const functions: SysfsFunctions = { ...SMALL, 'pci0000:00/0000:00:02.0': { files: FILES } };
const tree = memoryTree(sysfs(functions));
const expected = Object.fromEntries(PCI_ATTRIBUTES.map((name) => [name, `${name} as read`]));

const attributes = (machine: Awaited<ReturnType<typeof readMachineBytes>> | undefined, address: string) =>
  machine?.pci?.functions.find((fn) => fn.address === address)?.attributes;

describe('the further attributes of sysfs', () => {
  test('are those that are listed, as they were read, and no others', () => {
    expect(attributes(readSnapshot(tree, { attributes: true }), '0000:00:02.0')).toEqual(expected);
  });

  test('of a function without any are not there', () => {
    const machine = readSnapshot(tree, { attributes: true });
    expect(machine?.pci?.functions[0]).not.toHaveProperty('attributes');
  });

  test('are not read, nor looked for, unless asked for', () => {
    const touched: string[] = [];
    const watched: FileTree = {
      read: (path) => {
        touched.push(path);
        return tree.read(path);
      },
      link: (path) => tree.link(path),
      list: (path) => {
        touched.push(path);
        return tree.list(path);
      },
    };
    expect(attributes(readSnapshot(watched), '0000:00:02.0')).toBeUndefined();
    const inside = touched.filter((path) => /0000:00:02\.0$|\/(?:resource|irq|enable|numa_node)$/.test(path));
    expect(inside).toEqual([]);
  });

  test('are read from a umockdev record', async () => {
    const record =
      'P: /devices/pci0000:00/0000:00:02.0\nE: SUBSYSTEM=pci\nA: class=0x020000\\n\nA: irq=16\\n\nA: devspec=\\n\n';
    const machine = await readMachineBytes(Buffer.from(record), { attributes: true });
    expect(attributes(machine, '0000:00:02.0')).toEqual({ irq: '16', devspec: '' });
  });

  test.each([
    ['Flags: bus master, fast devsel, latency 0, IRQ 16, NUMA node 1', { irq: '16', numa_node: '1' }],
    ['Control: I/O+ Mem+\n\tInterrupt: pin A routed to IRQ 122\n\tNUMA node: 0', { irq: '122', numa_node: '0' }],
    ['Flags: fast devsel', undefined],
    // Not of the function itself.
    ['Capabilities: [40] Express Endpoint, IRQ 7', undefined],
  ])('are read from lspci where it prints them: %j', async (body, read) => {
    const text = `00:02.0 Ethernet controller [0200]: Intel Corporation Foo [8086:10d3]\n\t${body}\n`;
    expect(attributes(await readMachineBytes(Buffer.from(text), { attributes: true }), '0000:00:02.0')).toEqual(read);
    expect(attributes(await readMachineBytes(Buffer.from(text)), '0000:00:02.0')).toBeUndefined();
  });

  test('lose what names a machine when it is redacted', async () => {
    const machine = {
      schema: 1,
      name: 'orthanc',
      pci: {
        functions: [
          {
            address: '0000:00:02.0',
            attributes: {
              irq: 'orthanc',
              devspec: '9c:6b:00:5e:c4:a7',
              resource: '0x00000000f7000000 0x00000000f7ffffff 0x0000000000140204',
            },
          },
        ],
      },
    };
    const redacted = await redactBytes(Buffer.from(JSON.stringify(machine)));
    if (redacted.kind !== 'file') throw new Error(`a machine became a ${redacted.kind}`);
    const text = Buffer.from(redacted.bytes).toString();
    expect(text).not.toMatch(/orthanc|9c:6b:00/);
    expect(text).toContain('0x00000000f7000000 0x00000000f7ffffff 0x0000000000140204');
  });
});
