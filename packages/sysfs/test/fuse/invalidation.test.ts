import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import { Fields } from '../../src/fuse/fields.js';
import { follow, type Notification } from '../../src/fuse/invalidation.js';
import { DeleteEntry, InvalEntry, InvalInode, Notice, ReplyHeader, ROOT_ID } from '../../src/fuse/protocol.js';
import type { SketchDirectory, SketchTree } from '../support/sketch-tree.js';
import { sketchFile, sketchNode } from '../support/sketch-tree.js';
import { serveSketch } from './support/serve-sketch.js';

const nameAt = (bytes: Uint8Array, at: number, length: number): string => {
  expect(bytes[at + length]).toBe(0);
  expect(bytes.length).toBe(at + length + 1);
  return Buffer.from(bytes.subarray(at, at + length)).toString();
};

/** What a notification says, in words. */
const told = ({ bytes }: Notification): string => {
  const header = new Fields(bytes);
  const body = new Fields(bytes, ReplyHeader.bytes);
  expect(header.u32(ReplyHeader.length)).toBe(bytes.length);
  expect(header.u64(ReplyHeader.unique)).toBe(0);
  switch (header.u32(ReplyHeader.error)) {
    case Notice.invalInode:
      expect(bytes.length).toBe(ReplyHeader.bytes + InvalInode.bytes);
      return `inode ${body.u64(InvalInode.ino)}`;
    case Notice.invalEntry:
      return `entry ${body.u64(InvalEntry.parent)}/${nameAt(bytes, ReplyHeader.bytes + InvalEntry.bytes, body.u32(InvalEntry.nameLength))}`;
    case Notice.delete:
      return `delete ${body.u64(DeleteEntry.parent)}/${nameAt(bytes, ReplyHeader.bytes + DeleteEntry.bytes, body.u32(DeleteEntry.nameLength))} (${body.u64(DeleteEntry.child)})`;
    default:
      throw new Error('an unknown code');
  }
};

const directoryAt = (tree: SketchTree, path: string): SketchDirectory => {
  let node = tree.root;
  for (const name of path.split('/')) node = node.entries.get(name) as SketchDirectory;
  return node;
};

const remove = (tree: SketchTree, parent: string, name: string) => directoryAt(tree, parent).entries.delete(name);

describe('what appears', () => {
  test('is looked up anew, and its directory listed anew', () => {
    const { server, kernel, tree } = serveSketch({ devices: {} });
    const devices = kernel.walk('devices');
    expect(kernel.lookup(devices, 'a').id).toBe(0);
    directoryAt(tree, 'devices').entries.set('a', sketchNode({}));
    const notifications = follow(server, { type: 'added', path: 'devices/a' });
    expect(notifications.map(told)).toEqual([`entry ${devices}/a`, `inode ${devices}`]);
    expect(kernel.lookup(devices, 'a').id).toBeGreaterThan(devices);
  });

  test('at the top is a matter of the top', () => {
    const { server } = serveSketch({});
    expect(follow(server, { type: 'added', path: 'a' }).map(told)).toEqual([`entry ${ROOT_ID}/a`, `inode ${ROOT_ID}`]);
  });

  test('in a directory that the kernel does not know is nothing to tell', () => {
    const { server } = serveSketch({ devices: {} });
    expect(follow(server, { type: 'added', path: 'devices/a' })).toEqual([]);
    expect(follow(server, { type: 'added', path: 'devices/a/b/c' })).toEqual([]);
  });

  test('is listed and counted', () => {
    const { server, kernel, tree } = serveSketch({ devices: { a: {} } });
    const devices = kernel.walk('devices');
    expect(kernel.list(devices).map(({ name }) => name)).toEqual(['.', '..', 'a']);
    expect(kernel.stat(devices).nlink).toBe(3);
    directoryAt(tree, 'devices').entries.set('b', sketchNode({}));
    follow(server, { type: 'added', path: 'devices/b' });
    expect(kernel.list(devices).map(({ name }) => name)).toEqual(['.', '..', 'a', 'b']);
    expect(kernel.stat(devices).nlink).toBe(4);
  });
});

describe('what vanishes', () => {
  const sketch = () => ({ devices: { a: { vendor: '1', remove: sketchFile('', 0o200), sub: { x: '' } }, b: {} } });

  test('is deleted at its top, for the kernel drops what is below', () => {
    const { server, kernel, tree } = serveSketch(sketch());
    const [devices, a] = [kernel.walk('devices'), kernel.walk('devices/a')];
    kernel.walk('devices/a/sub/x');
    remove(tree, 'devices', 'a');
    const notifications = follow(server, { type: 'removed', path: 'devices/a' });
    expect(notifications.map(told)).toEqual([`delete ${devices}/a (${a})`, `inode ${devices}`]);
    expect(kernel.lookup(devices, 'a').id).toBe(0);
  });

  test('goes after what is in use below it', () => {
    const { server, kernel, tree } = serveSketch(sketch());
    const [devices, a, vendor] = [kernel.walk('devices'), kernel.walk('devices/a'), kernel.walk('devices/a/vendor')];
    const [sub, x] = [kernel.walk('devices/a/sub'), kernel.walk('devices/a/sub/x')];
    const vendorHandle = kernel.open(vendor, 0).handle;
    kernel.open(x, 0);
    remove(tree, 'devices', 'a');
    const notifications = follow(server, { type: 'removed', path: 'devices/a' });
    expect(notifications.map(told)).toEqual([
      `delete ${a}/vendor (${vendor})`,
      `delete ${sub}/x (${x})`,
      `delete ${a}/sub (${sub})`,
      `delete ${devices}/a (${a})`,
      `inode ${devices}`,
    ]);
    expect(kernel.read(vendor, vendorHandle)).toBe(constants.errno.ENODEV);
  });

  test('goes after all that is known below it, where the kernel cannot do it at once', () => {
    const { server, kernel, tree } = serveSketch(sketch());
    const [devices, a, sub] = [kernel.walk('devices'), kernel.walk('devices/a'), kernel.walk('devices/a/sub')];
    remove(tree, 'devices', 'a');
    const [first] = follow(server, { type: 'removed', path: 'devices/a' });
    expect(first?.otherwise?.().map(told)).toEqual([`delete ${a}/sub (${sub})`, `delete ${devices}/a (${a})`]);
  });

  test('is told of without the lock of the file that is being written', () => {
    const { server, kernel, tree } = serveSketch({ devices: { a: {} } });
    const heard: string[] = [];
    directoryAt(tree, 'devices/a').entries.set('remove', {
      ...sketchFile('', 0o200),
      write: (bytes) => {
        remove(tree, 'devices', 'a');
        heard.push(...follow(server, { type: 'removed', path: 'devices/a' }).map(told));
        return bytes.length;
      },
    });
    const [devices, a] = [kernel.walk('devices'), kernel.walk('devices/a')];
    const file = kernel.walk('devices/a/remove');
    kernel.write(file, kernel.open(file, 1).handle, '1');
    expect(heard).toEqual([`entry ${a}/remove`, `delete ${devices}/a (${a})`, `inode ${devices}`]);
  });

  test('without the kernel knowing is dropped from the listing that it may hold', () => {
    const { server, kernel, tree } = serveSketch(sketch());
    const devices = kernel.walk('devices');
    kernel.list(devices);
    remove(tree, 'devices', 'a');
    const notifications = follow(server, { type: 'removed', path: 'devices/a' });
    expect(notifications.map(told)).toEqual([`entry ${devices}/a`, `inode ${devices}`]);
    expect(kernel.list(devices).map(({ name }) => name)).toEqual(['.', '..', 'b']);
  });

  test('and comes back under the same name is another', () => {
    const { server, kernel, tree } = serveSketch(sketch());
    const [devices, a] = [kernel.walk('devices'), kernel.walk('devices/a')];
    const top = directoryAt(tree, 'devices');
    top.entries.delete('a');
    follow(server, { type: 'removed', path: 'devices/a' });
    top.entries.set('a', sketchNode({ vendor: '2' }));
    expect(follow(server, { type: 'added', path: 'devices/a' }).map(told)).toEqual([
      `entry ${devices}/a`,
      `inode ${devices}`,
    ]);
    expect(kernel.walk('devices/a')).not.toBe(a);
    // The late forgetting of the old one leaves the new one alone.
    kernel.forget(a, 1);
    expect(server.inodes.at('devices/a')?.id).toBe(kernel.walk('devices/a'));
  });
});

describe('what changes', () => {
  test('is asked for anew', () => {
    const { server, kernel } = serveSketch({ a: { file: 'x' } });
    const file = kernel.walk('a/file');
    expect(follow(server, { type: 'changed', path: 'a/file' }).map(told)).toEqual([`inode ${file}`]);
  });

  test('or is said to have come although it is the same stays what it is', () => {
    const { server, kernel } = serveSketch({ a: { file: 'x' } });
    const file = kernel.walk('a/file');
    const { handle } = kernel.open(file, 0);
    expect(follow(server, { type: 'added', path: 'a/file' }).map(told)).toEqual([`inode ${file}`]);
    expect(kernel.read(file, handle)).toBe('x');
    expect(kernel.walk('a/file')).toBe(file);
  });

  test('without the kernel knowing is nothing to tell', () => {
    const { server } = serveSketch({ a: { file: 'x' } });
    expect(follow(server, { type: 'changed', path: 'a/file' })).toEqual([]);
  });

  test('to another object is another entry', () => {
    const { server, kernel, tree } = serveSketch({ a: { link: '-> x' } });
    const [a, link] = [kernel.walk('a'), kernel.walk('a/link')];
    directoryAt(tree, 'a').entries.set('link', sketchNode('-> y'));
    expect(follow(server, { type: 'changed', path: 'a/link' }).map(told)).toEqual([
      `delete ${a}/link (${link})`,
      `inode ${a}`,
    ]);
    expect(kernel.walk('a/link')).not.toBe(link);
  });
});

test('what the kernel was told a moment ago may have to be taken back twice', () => {
  let now = 1_000;
  const { server, kernel } = serveSketch({ a: {} }, { now: () => now });
  const a = kernel.walk('a');
  const added = () => follow(server, { type: 'added', path: 'a/b' }).map(({ isFresh }) => isFresh ?? false);
  now = 10_000;
  expect(added()).toEqual([false, false]);
  kernel.lookup(a, 'b');
  expect(added()).toEqual([true, false]);
  now = 20_000;
  expect(added()).toEqual([false, false]);
});

test('a name is told in bytes', () => {
  const { server } = serveSketch({});
  expect(follow(server, { type: 'added', path: 'größe' }).map(told)).toEqual([
    `entry ${ROOT_ID}/größe`,
    `inode ${ROOT_ID}`,
  ]);
});
