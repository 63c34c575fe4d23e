import { expect, test } from 'vitest';
import { random, runs } from '../../../../tests/support/sweep.js';
import { redactDeviceTree } from '../../src/redact/device-tree.js';
import { deviceTreeBytes } from '../support/device-tree.js';

const same = (text: string): string => text;
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const tree = deviceTreeBytes(
  {
    properties: { compatible: 'acme,board', 'serial-number': 'WX-90777', 'asset-tag': 'T-1' },
    nodes: {
      aliases: { properties: { serial0: '/pl011@9000000' } },
      chosen: {
        properties: { bootargs: 'root=/dev/orthanc iommu.strict=0 quiet', 'kaslr-seed': Uint8Array.of(1, 2, 3, 4) },
      },
      'ethernet@9040000': {
        properties: {
          'local-mac-address': Uint8Array.of(0x9c, 0x6b, 0, 0x5e, 0xc4, 0xa7),
          label: 'of orthanc',
          iommus: Uint8Array.of(0, 0, 0, 7),
        },
      },
    },
  },
  'left over: WX-90777',
);

test('takes out serial numbers, addresses, seeds and most of the command line, and what lies behind the tree', () => {
  const redacted = redactDeviceTree(tree, (text) => text.replace('orthanc', 'xxxxxxx'));
  expect(redacted).toHaveLength(tree.length);
  const text = latin1(redacted);
  for (const secret of ['WX-90777', 'T-1', 'orthanc', '\x9c\x6b\0', '\x01\x02\x03\x04'])
    expect(text).not.toContain(secret);
  for (const kept of [
    'acme,board',
    'iommu.strict=0\0',
    '/pl011@9000000',
    'ethernet@9040000',
    'of xxxxxxx',
    '\0\0\0\x07',
  ]) {
    expect(text).toContain(kept);
  }
  expect(Buffer.compare(redactDeviceTree(redacted, same), redacted)).toBe(0);
});

test('makes zeros of what is no device tree', () => {
  for (const bytes of [
    new Uint8Array(),
    Uint8Array.of(1, 2, 3),
    tree.subarray(0, 60),
    Buffer.from('serial WX-90777'.repeat(9)),
  ]) {
    expect(redactDeviceTree(bytes, same)).toEqual(new Uint8Array(bytes.length));
  }
});

test('ends for any bytes, with as many', () => {
  const next = random(11);
  for (let left = runs(2000, 300); left > 0; left--) {
    const broken = Uint8Array.from(tree);
    for (let changes = 1 + next(6); changes > 0; changes--) broken[next(broken.length)] = next(256);
    expect(redactDeviceTree(broken, same)).toHaveLength(broken.length);
  }
});
