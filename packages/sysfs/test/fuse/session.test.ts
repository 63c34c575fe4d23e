import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { Fields } from '../../src/fuse/fields.js';
import { Opcode, ReplyHeader, RequestHeader, ROOT_ID, WriteIn } from '../../src/fuse/protocol.js';
import type { FuseServer } from '../../src/fuse/server.js';
import { FuseSession } from '../../src/fuse/session.js';
import type { RequestReader } from '../../src/fuse/transport.js';
import { ROOT, type SysfsFile } from '../../src/node.js';
import { SketchTree, sketchFile } from '../support/sketch-tree.js';
import { bodyOf, FakeKernel, requestBytes } from './support/fake-kernel.js';

const O_WRONLY = 1;

const folder = mkdtempSync(join(tmpdir(), 'iommu-session-'));
let open: number | undefined;

afterEach(() => {
  if (open !== undefined) closeSync(open);
  open = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** What a session writes to its device, in messages; a device is a file here, to which all is appended. */
const messages = (path: string): Uint8Array[] => {
  const bytes = readFileSync(path);
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += all.at(-1)?.length ?? 0)
    all.push(bytes.subarray(at, at + new Fields(bytes, at).u32(ReplyHeader.length)));
  return all;
};

const uniqueOf = (bytes: Uint8Array, at: number): number => new Fields(bytes).u64(at);

const sessionOf = (tree: SketchTree) => {
  const path = join(folder, 'device');
  open = openSync(path, 'a');
  let request: (bytes: Uint8Array) => void = () => {};
  const startReading = (_: number, onRequest: (bytes: Uint8Array) => void): RequestReader => {
    request = onRequest;
    return { ended: new Promise(() => {}), close: () => {} };
  };
  const transport = { name: 'pump' as const, nonBlocking: false, startReading };
  const session = new FuseSession(tree, open, transport, {
    callerOf: () => ROOT,
    onError: (error) => {
      throw error;
    },
  });
  const handle = (bytes: Uint8Array): Uint8Array | undefined => {
    const before = messages(path).length;
    request(bytes);
    return messages(path)[before];
  };
  return { session, request, messages: () => messages(path), kernel: new FakeKernel({ handle } as FuseServer) };
};

test('keeps an answer that waits for the kernel apart from those to what is asked meanwhile', async () => {
  const file: SysfsFile = {
    ...sketchFile('old\n', 0o644),
    write: ({ length }) => {
      tree.root.entries.set('new', sketchFile('new\n'));
      tree.tell({ type: 'added', path: 'new' });
      return length;
    },
  };
  const tree = new SketchTree({ file });
  const { session, request, messages: all, kernel } = sessionOf(tree);
  kernel.init();
  const { id } = kernel.lookup(ROOT_ID, 'file');
  const { handle } = kernel.open(id, O_WRONLY);

  const text = Buffer.from('something');
  const write = requestBytes(
    Opcode.write,
    id,
    bodyOf(
      WriteIn.bytes,
      (fields) => {
        fields.put64(WriteIn.handle, handle);
        fields.put32(WriteIn.size, text.length);
      },
      text,
    ),
  );
  request(write);
  const stat = requestBytes(Opcode.getattr, id, new Uint8Array(16));
  request(stat);
  await session.settled();
  await new Promise(setImmediate);

  const answered = all().map((bytes) => uniqueOf(bytes, ReplyHeader.unique));
  const [first, second] = [write, stat].map((bytes) => uniqueOf(bytes, RequestHeader.unique));
  expect(answered.filter((unique) => unique === first || unique === second)).toEqual([second, first]);
  const reply = all().find((bytes) => uniqueOf(bytes, ReplyHeader.unique) === first);
  expect(new Fields(reply ?? new Uint8Array(64), ReplyHeader.bytes).u32(0)).toBe(text.length);
});
