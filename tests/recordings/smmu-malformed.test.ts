import { isIommuError } from '@iommu/core';
import { parseIort } from '@iommu/driver-smmu';
import { parseDeviceTree, sealAcpiTable } from '@iommu/firmware';
import { describe, expect, test } from 'vitest';
import { archives, readRecordings } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

const recordings = (await Promise.all(archives('smmuv3').map(readRecordings))).flat();

/** Bytes of the device tree that say something: QEMU pads it to 1 MiB. */
const used = (tree: Uint8Array): Uint8Array => {
  const view = new DataView(tree.buffer, tree.byteOffset, tree.byteLength);
  const end = Math.max(view.getUint32(8) + view.getUint32(36), view.getUint32(12) + view.getUint32(32));
  const copy = Uint8Array.from(tree.subarray(0, end));
  new DataView(copy.buffer).setUint32(4, end);
  return copy;
};

/** The distinct files of a kind. */
const distinct = (read: (recording: (typeof recordings)[number]) => Uint8Array | undefined) => {
  const files = new Map<string, readonly [string, Uint8Array]>();
  for (const recording of recordings) {
    const bytes = read(recording);
    if (bytes) files.set(bytes.toString(), [recording.name, bytes]);
  }
  return [...files.values()];
};

const code = (read: () => void): string => {
  try {
    read();
    return 'read';
  } catch (error) {
    if (!isIommuError(error)) throw error;
    return error.code;
  }
};

/** Lengths at which a file is cut: all of a small one, or of a full run. */
const cuts = (bytes: Uint8Array): readonly number[] =>
  sampled(
    Array.from(bytes, (_, at) => at),
    3000,
  );

describe.each(distinct(({ tree }) => tree.read('acpi/IORT')))('the IORT of %s', (_, bytes) => {
  test('is read whole', () => {
    expect(code(() => parseIort(bytes))).toBe('read');
  });

  test('is known to be cut, at every byte', () => {
    for (const at of cuts(bytes)) expect(code(() => parseIort(bytes.subarray(0, at)))).toBe('ERR_TABLE_TRUNCATED');
  });

  test('is refused, or read, when it claims to end where it is cut', () => {
    for (const at of cuts(bytes).filter((length) => length >= 36)) {
      expect(code(() => parseIort(sealAcpiTable(Uint8Array.from(bytes.subarray(0, at)))))).toMatch(/^ERR_TABLE_/);
    }
  });
});

describe.each(distinct(({ tree }) => tree.read('fdt')).map(([name, bytes]) => [name, used(bytes)] as const))(
  'the device tree of %s',
  (_, bytes) => {
    test('is read whole', () => {
      expect(code(() => parseDeviceTree(bytes))).toBe('read');
    });

    test('is known to be cut, at every byte', () => {
      for (const at of cuts(bytes)) {
        expect(code(() => parseDeviceTree(bytes.subarray(0, at)))).toBe('ERR_TABLE_TRUNCATED');
      }
    });

    test('is refused, or read, with each cell of its header 0, 1 and the highest', () => {
      for (let at = 0; at < 40; at += 4) {
        for (const value of [0, 1, 0xffffffff]) {
          const copy = Uint8Array.from(bytes);
          new DataView(copy.buffer).setUint32(at, value);
          expect(code(() => parseDeviceTree(copy))).toMatch(/^(?:read|ERR_TABLE_)/);
        }
      }
    });
  },
);
