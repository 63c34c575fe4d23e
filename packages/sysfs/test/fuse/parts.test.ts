import { constants } from 'node:os';
import { refused } from '@iommu/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { callerOf, effectiveCapabilities } from '../../src/fuse/caller.js';
import { errnoNumber, errnoOf } from '../../src/fuse/errno.js';
import { Fields } from '../../src/fuse/fields.js';
import { parseMountTable } from '../../src/fuse/mount-table.js';
import { requestSplitter } from '../../src/fuse/transport-pump.js';
import { requestBytes } from './support/fake-kernel.js';

describe('who asks', () => {
  const ADMIN = 1n << 21n;
  const RAWIO = 1n << 17n;

  test.each([
    [0n, false, false],
    [ADMIN, true, false],
    [RAWIO, false, true],
    [ADMIN | RAWIO, true, true],
    [0x1ffffffffffn, true, true],
  ])('has of capabilities %x CAP_SYS_ADMIN %s and CAP_SYS_RAWIO %s', (set, sysAdmin, sysRawio) => {
    expect({ ...callerOf(1000, 5, () => set) }).toEqual({ uid: 1000, sysAdmin, sysRawio });
  });

  test('has all of them as the superuser and none as another where they are not to be seen', () => {
    expect({ ...callerOf(0, 5, () => undefined) }).toEqual({ uid: 0, sysAdmin: true, sysRawio: true });
    expect({ ...callerOf(1, 5, () => undefined) }).toEqual({ uid: 1, sysAdmin: false, sysRawio: false });
  });

  test('is looked at only when somebody wants to know, and once', () => {
    let looks = 0;
    const caller = callerOf(0, 5, () => {
      looks += 1;
      return ADMIN;
    });
    expect(looks).toBe(0);
    expect([caller.sysAdmin, caller.sysRawio, caller.sysAdmin]).toEqual([true, false, true]);
    expect(looks).toBe(1);
  });

  test('is not found where no such thread is', () => {
    expect(effectiveCapabilities(0)).toBeUndefined();
    expect(effectiveCapabilities(2 ** 22 + 1)).toBeUndefined();
    expect(effectiveCapabilities(process.pid)).toBeTypeOf(process.platform === 'linux' ? 'bigint' : 'undefined');
  });
});

describe('an errno', () => {
  test('has the number that this system gives it', () => {
    expect(errnoNumber('EBUSY')).toBe(constants.errno.EBUSY);
    expect(errnoNumber('EOPNOTSUPP')).toBe(constants.errno.EOPNOTSUPP);
  });

  test('that the kernel keeps to itself becomes the one that it shows', () => {
    expect(errnoNumber('EPROBE_DEFER')).toBe(constants.errno.EAGAIN);
  });

  test('is in what was refused, and in nothing else', () => {
    expect(errnoOf(refused('ENODEV', 'gone'))).toBe(constants.errno.ENODEV);
    expect(errnoOf(new TypeError('a bug'))).toBeUndefined();
  });
});

test('numbers of 64 bits are written and read, up to 2^53', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      const fields = new Fields(new Uint8Array(16), 8);
      fields.put64(0, value);
      return fields.u64(0) === value;
    }),
  );
});

test('a stream of requests is cut into requests, wherever its chunks end', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }),
      fc.infiniteStream(fc.nat(50)),
      (bodies, sizes) => {
        const requests = bodies.map((body) => Buffer.from(requestBytes(1, 1, body)));
        const stream = Buffer.concat(requests);
        const found: Buffer[] = [];
        const split = requestSplitter((bytes) => found.push(Buffer.from(bytes)));
        for (let at = 0; at < stream.length; ) {
          const size = (sizes.next().value as number) + 1;
          const chunk = Buffer.from(stream.subarray(at, at + size));
          split(chunk);
          // Node uses the buffer again.
          chunk.fill(0xff);
          at += size;
        }
        expect(found).toEqual(requests);
      },
    ),
  );
});

test('a stream that is out of step is not followed', () => {
  const split = requestSplitter(() => {});
  expect(() => split(Buffer.alloc(64))).toThrow('out of step');
});

test('a mount table is read as the kernel writes it', () => {
  const table = String.raw`23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
61 27 0:41 / /mnt/with\040blank\134s rw,nosuid - fuse.iommu iommu rw,user_id=0
62 27 0:42 / /mnt/two ro shared:5 master:1 - fuse.iommu iommu ro
nonsense
`;
  expect(parseMountTable(table)).toEqual([
    { path: '/sys', type: 'sysfs', minor: 22, options: ['rw', 'relatime'] },
    { path: '/mnt/with blank\\s', type: 'fuse.iommu', minor: 41, options: ['rw', 'nosuid'] },
    { path: '/mnt/two', type: 'fuse.iommu', minor: 42, options: ['ro'] },
  ]);
});
