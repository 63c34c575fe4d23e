import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fields } from '../../src/fuse/fields.js';
import { Opcode, ReplyHeader, RequestHeader } from '../../src/fuse/protocol.js';
import type { FuseServer } from '../../src/fuse/server.js';
import { sketchFile } from '../support/sketch-tree.js';
import { requestBytes } from './support/fake-kernel.js';
import { serveSketch } from './support/serve-sketch.js';

const world = () => {
  const reported: unknown[] = [];
  const file = { ...sketchFile('text\n', 0o644), write: (bytes: Uint8Array) => bytes.length };
  const { server, kernel } = serveSketch(
    { dir: { file, other: 'x', sub: { deep: '' } }, link: '-> dir' },
    { onError: (error) => reported.push(error) },
  );
  const ids = ['dir', 'dir/file', 'dir/sub', 'link'].map((path) => kernel.walk(path));
  kernel.open(ids[1] ?? 0, 2);
  return { server, ids, reported };
};

/** What the kernel takes for a reply. @see Linux v6.1 fs/fuse/dev.c fuse_dev_do_write() */
const isReply = (request: Uint8Array, reply: Uint8Array): boolean => {
  const header = new Fields(reply);
  const error = header.u32(ReplyHeader.error) | 0;
  return (
    header.u32(ReplyHeader.length) === reply.length &&
    error <= 0 &&
    error > -512 &&
    (error === 0 || reply.length === ReplyHeader.bytes) &&
    Buffer.compare(reply.subarray(8, 16), request.subarray(8, 16)) === 0
  );
};

const holds = (server: FuseServer, request: Uint8Array): boolean => {
  const reply = server.handle(request);
  return reply === undefined || isReply(request, reply);
};

test('bytes of any kind are answered as a request or not at all', () => {
  const { server, reported } = world();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => holds(server, bytes)),
    { numRuns: 5000 },
  );
  expect(reported).toEqual([]);
});

test('requests of any kind, with any body, are answered', () => {
  const { server, ids, reported } = world();
  const opcode = fc.oneof(fc.constantFrom(...Object.values(Opcode)), fc.integer({ min: 0, max: 70 }));
  const nodeid = fc.oneof(fc.constantFrom(1, ...ids), fc.integer({ min: 0, max: 2 ** 32 }));
  // Small numbers are handles, sizes and positions that mean something.
  const body = fc
    .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9 }), fc.nat(), fc.constant(0xffffffff)), {
      maxLength: 24,
    })
    .map((words) => new Uint8Array(Uint32Array.from(words).buffer));
  const silent: ReadonlySet<number> = new Set([Opcode.forget, Opcode.batchForget]);
  fc.assert(
    fc.property(opcode, nodeid, body, (code, id, bytes) => {
      const request = requestBytes(code, id, bytes);
      const reply = server.handle(request);
      return silent.has(code) ? reply === undefined : reply !== undefined && isReply(request, reply);
    }),
    { numRuns: 20_000 },
  );
  expect(reported).toEqual([]);
});

test('a request cut at every byte is answered or not at all', () => {
  const { server, ids, reported } = world();
  for (const code of Object.values(Opcode)) {
    const whole = requestBytes(code, ids[0] ?? 0, new Uint8Array(96).fill(1));
    for (let length = 0; length <= whole.length; length++) {
      const cut = whole.subarray(0, length);
      expect([code, length, holds(server, cut)]).toEqual([code, length, true]);
      expect(server.handle(cut) === undefined || length >= RequestHeader.bytes).toBe(true);
    }
  }
  expect(reported).toEqual([]);
});

test('a count of forgotten entries that the request does not hold is not believed', () => {
  const { server } = world();
  const body = new Uint8Array(8);
  new Fields(body).put32(0, 0xffffffff);
  expect(server.handle(requestBytes(Opcode.batchForget, 0, body))).toBeUndefined();
});
