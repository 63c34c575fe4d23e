import { createHash } from 'node:crypto';
import { boot, type Machine, toBytes } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { machineOf, recordedMachines } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

const spaces = new Map<string, { readonly name: string; readonly bytes: Uint8Array }>();
for (const { name, tree } of await recordedMachines(['vtd', 'amdvi', 'smmuv3', 'rules', 'asked'])) {
  for (const { address, config } of machineOf(tree).pci?.functions ?? []) {
    const bytes = toBytes(config ?? '', address);
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (!spaces.has(digest)) spaces.set(digest, { name: `${address} of ${name}`, bytes });
  }
}

/** The function alone below a port, and another beside it to share a group with. */
const machineWith = (config: Uint8Array): Machine => ({
  schema: 1,
  kernel: { release: '7.3.0', arch: 'x86_64' },
  pci: {
    functions: [
      { address: '0000:00:01.0', config },
      { address: '0000:00:01.1', config },
      { address: '0000:01:00.0', parent: '0000:00:01.0', config },
    ],
  },
});

/** Booting never throws, whatever the bytes; what they lack is unknown. */
const read = (config: Uint8Array): void => {
  const { topology } = boot(machineWith(config), { drivers: [] });
  expect(topology.devices).toHaveLength(3);
};

test('there are as many different configuration spaces as were recorded', () => {
  expect(spaces.size).toBeGreaterThanOrEqual(300);
});

/** Offsets of everything that leads on from one capability to the next, or could: every header there may be. */
const POINTERS = [0x06, 0x0e, 0x34, ...Array.from({ length: 0x30 }, (_, at) => 0x40 + at * 4)];
const EXTENDED = Array.from({ length: (4096 - 256) / 4 }, (_, at) => 0x100 + at * 4);

describe.each(sampled([...spaces.values()], 12, 11))('$name', ({ bytes }) => {
  test('cut at any byte is read', () => {
    for (let length = 0; length <= bytes.length; length++) read(bytes.subarray(0, length));
  });

  test('with any pointer at an extreme is read', () => {
    for (const at of POINTERS) {
      for (const value of [0, 1, 0x40, 0xfc, 0xff]) {
        const changed = bytes.slice();
        changed[at + 1] = value;
        read(changed);
        changed[at] = value;
        read(changed);
      }
    }
    for (const at of EXTENDED.filter((offset) => offset + 4 <= bytes.length)) {
      const next = new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true) & 0xfffff;
      for (const pointer of [0, 1, at, 0x100, 0xffc, 0xfff]) {
        const changed = bytes.slice();
        new DataView(changed.buffer).setUint32(at, (next | (pointer << 20)) >>> 0, true);
        read(changed);
      }
    }
  });
});
