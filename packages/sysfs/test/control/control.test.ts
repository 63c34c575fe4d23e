import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refused } from '@iommu/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ControlConnection } from '../../src/control/client.js';
import { lineSplitter } from '../../src/control/lines.js';
import { connectMachine } from '../../src/control/machine-control.js';
import { placeOf, readNote, runtimeDirectories, runtimeDirectory } from '../../src/control/places.js';
import { CONTROL_VERSION, LONGEST_MESSAGE } from '../../src/control/protocol.js';
import { ControlServer, type ControlServerOptions } from '../../src/control/server.js';

let folder: string;
let running: ControlServer | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'iommu-control-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  running?.close();
  running = undefined;
  rmSync(folder, { recursive: true });
});

const serve = async (options: Partial<ControlServerOptions> = {}) => {
  const place = placeOf(folder, '/mnt/machine');
  running = await ControlServer.listen({
    place,
    mount: '/mnt/machine',
    calls: {},
    subscribe: () => () => {},
    settled: async () => {},
    ...options,
  });
  return place;
};

/** Send lines as they are. @returns What comes back until the other side ends it. */
const raw = (socket: string, ...lines: readonly (string | Buffer)[]): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const connection = connect(socket, () => {
      for (const line of lines) connection.write(line);
    });
    connection.on('data', (chunk) => {
      text += chunk;
    });
    connection.on('close', () => resolve(text));
    connection.on('error', ({ code }: NodeJS.ErrnoException) =>
      code === 'EPIPE' ? resolve(text) : reject(new Error(code)),
    );
    setTimeout(() => connection.end(), 1000).unref();
  });

const helloLine = (token: unknown, version: unknown = CONTROL_VERSION): string =>
  `${JSON.stringify({ id: 7, call: 'hello', params: { token, version } })}\n`;

describe('who may talk', () => {
  test('only the owner can reach the socket and read the token', async () => {
    const place = await serve();
    expect([statSync(place.socket).mode & 0o777, statSync(place.note).mode & 0o777]).toEqual([0o600, 0o600]);
    expect(readNote(place)).toEqual({
      token: expect.stringMatching(/^[0-9a-f]{64}$/),
      pid: process.pid,
      mount: '/mnt/machine',
    });
  });

  test('whoever knows the token is told what this is', async () => {
    const { connection, hello } = await ControlConnection.open(await serve());
    expect(hello).toEqual({ version: CONTROL_VERSION, mount: '/mnt/machine', pid: process.pid });
    connection.close();
  });

  test.each([
    ['without a greeting', () => '{"id":7,"call":"list"}\n', 'the first call is hello'],
    ['with another token', () => helloLine('0'.repeat(64)), 'the token is another'],
    ['with a token that is none', () => helloLine(5), 'the token is another'],
    ['with no token', () => helloLine(undefined), 'the token is another'],
    ['in another version', (token: string) => helloLine(token, 99), 'version 99'],
    ['in no JSON', () => 'GET / HTTP/1.1\r\n', 'not a message'],
  ])('who comes %s is refused and left', async (_name, line, message) => {
    const called: unknown[] = [];
    const place = await serve({ calls: { list: (params) => called.push(params) } });
    const answer = await raw(place.socket, line(readNote(place)?.token ?? ''), '{"id":8,"call":"list"}\n');
    expect(answer).toContain('ERR_CONTROL_REFUSED');
    expect(answer).toContain(message);
    expect(answer.trimEnd().split('\n')).toHaveLength(1);
    expect(called).toEqual([]);
  });

  test('who connects to a mount is told that it was refused, not that there is none', async () => {
    vi.stubEnv('XDG_RUNTIME_DIR', folder);
    const place = placeOf(runtimeDirectory(), '/mnt/refusing');
    await serve({ place, mount: '/mnt/refusing' });
    const note = JSON.parse(readFileSync(place.note, 'utf8'));
    writeFileSync(place.note, JSON.stringify({ ...note, token: '0'.repeat(64) }));
    await expect(connectMachine('/mnt/refusing')).rejects.toMatchObject({ code: 'ERR_CONTROL_REFUSED' });
    const other = await ControlServer.listen({
      place: placeOf(runtimeDirectory(), '/mnt/refusing'),
      mount: '/mnt/refusing',
      calls: {},
      subscribe: () => () => {},
      settled: async () => {},
    });
    const { control } = await connectMachine('/mnt/refusing');
    control[Symbol.dispose]();
    other.close();
    await expect(connectMachine('/mnt/none')).rejects.toMatchObject({ code: 'ERR_CONTROL_GONE' });
  });

  test('a message without an end is not taken in', async () => {
    const place = await serve();
    const answer = await raw(place.socket, helloLine(readNote(place)?.token), Buffer.alloc(LONGEST_MESSAGE + 10, 0x20));
    expect(answer).toContain(`more than ${LONGEST_MESSAGE} bytes`);
  });
});

describe('a call', () => {
  test('is answered with what it returns, after all that it changed is settled', async () => {
    const order: string[] = [];
    const place = await serve({
      calls: {
        double: ({ of }) => {
          order.push('called');
          return Number(of) * 2;
        },
      },
      settled: async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        order.push('settled');
      },
    });
    const { connection } = await ControlConnection.open(place);
    expect(await connection.call('double', { of: 21 })).toBe(42);
    expect(order).toEqual(['called', 'settled']);
    connection.close();
  });

  test('that is refused keeps its code and errno', async () => {
    const place = await serve({
      calls: {
        bind: () => {
          throw refused('EBUSY', 'taken');
        },
        broken: () => JSON.parse('{'),
      },
    });
    const { connection } = await ControlConnection.open(place);
    await expect(connection.call('bind')).rejects.toMatchObject({
      code: 'ERR_REFUSED',
      errno: 'EBUSY',
      message: 'EBUSY: taken',
    });
    await expect(connection.call('broken')).rejects.toMatchObject({ code: 'ERR_INTERNAL' });
    await expect(connection.call('toString')).rejects.toMatchObject({ code: 'ERR_CONTROL_CALL' });
    connection.close();
  });

  test('does not wait for another', async () => {
    const place = await serve({ calls: { slow: () => new Promise(() => {}), quick: () => 'done' } });
    const { connection } = await ControlConnection.open(place);
    const slow = connection.call('slow');
    expect(await connection.call('quick')).toBe('done');
    connection.close();
    await expect(slow).rejects.toMatchObject({ code: 'ERR_CONTROL_GONE' });
  });

  test('of what is no request is answered with an error, and the next is heard', async () => {
    const place = await serve({ calls: { list: () => 'listed' } });
    const lines = [
      '{',
      '[]',
      '{"call":"list"}',
      '{"id":1.5,"call":"list"}',
      '{"id":2,"call":{}}',
      '{"id":3,"call":"list","params":[]}',
    ];
    const answer = await raw(
      place.socket,
      helloLine(readNote(place)?.token),
      ...lines.map((line) => `${line}\n`),
      '{"id":9,"call":"list"}\n',
    );
    const [, ...answers] = answer
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      ...lines.map(() => [0, 'ERR_CONTROL_MESSAGE']),
      [9, undefined],
    ]);
  });

  test('ends with the machine', async () => {
    const place = await serve({ calls: { wait: () => new Promise(() => {}) } });
    const { connection } = await ControlConnection.open(place);
    const call = connection.call('wait');
    running?.close();
    await expect(call).rejects.toMatchObject({ code: 'ERR_CONTROL_GONE' });
    await connection.closed;
    expect([existsSync(place.socket), existsSync(place.note)]).toEqual([false, false]);
    await expect(ControlConnection.open(place)).rejects.toMatchObject({ code: 'ERR_CONTROL_GONE' });
  });
});

test('events come to those who asked for them, until they leave', async () => {
  const listeners = new Set<(event: unknown) => void>();
  const place = await serve({
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  });
  const { connection } = await ControlConnection.open(place);
  const { connection: other } = await ControlConnection.open(place);
  const heard: unknown[] = [];
  connection.on((event) => heard.push(event));
  other.on((event) => heard.push(['other', event]));
  await connection.call('events');
  for (const listener of listeners) listener({ type: 'device-added' });
  await other.call('events');
  await connection.call('events');
  expect(heard).toEqual([{ type: 'device-added' }]);
  expect(listeners.size).toBe(2);
  connection.close();
  other.close();
  for (let turn = 0; turn < 100 && listeners.size > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(listeners.size).toBe(0);
});

describe('the runtime directory', () => {
  const uid = process.getuid?.() ?? 0;

  test('is the one that the environment names, made for its owner alone', () => {
    const path = runtimeDirectory({ XDG_RUNTIME_DIR: folder });
    expect(path).toBe(join(folder, 'iommu'));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(runtimeDirectories({ XDG_RUNTIME_DIR: folder })[0]).toBe(path);
  });

  test('is not one that others may look into, nor one of another user, nor a link', () => {
    const path = join(folder, 'iommu');
    mkdirSync(path);
    chmodSync(path, 0o755);
    expect(runtimeDirectories({ XDG_RUNTIME_DIR: folder })).not.toContain(path);
    chmodSync(path, 0o700);
    expect(runtimeDirectories({ XDG_RUNTIME_DIR: folder }, uid + 1)).not.toContain(path);
    rmSync(path, { recursive: true });
    mkdirSync(join(folder, 'elsewhere'), { mode: 0o700 });
    symlinkSync('elsewhere', path);
    expect(runtimeDirectories({ XDG_RUNTIME_DIR: folder })).not.toContain(path);
  });

  test('has a place of its own for each mount', () => {
    expect(placeOf(folder, '/mnt/a')).toEqual(placeOf(folder, '/mnt/a'));
    expect(placeOf(folder, '/mnt/a')).not.toEqual(placeOf(folder, '/mnt/b'));
  });

  test('that is too deep for a socket is refused', async () => {
    const deep = join(folder, 'x'.repeat(100));
    mkdirSync(deep);
    const options = { mount: '/m', calls: {}, subscribe: () => () => {}, settled: async () => {} };
    await expect(ControlServer.listen({ place: placeOf(deep, '/m'), ...options })).rejects.toMatchObject({
      code: 'ERR_CONTROL_PLACE',
    });
  });
});

test('what a machine that is gone left behind is replaced', async () => {
  const place = placeOf(folder, '/mnt/machine');
  writeFileSync(place.socket, '');
  writeFileSync(place.note, 'nonsense');
  expect(readNote(place)).toBeUndefined();
  const { connection } = await ControlConnection.open(await serve());
  connection.close();
});

describe('lines', () => {
  test('are cut wherever chunks end', () => {
    const split = lineSplitter(100);
    const chunks = ['a', 'b\nc', '\n\nd', 'e'].map((text) => Buffer.from(text));
    expect(chunks.map(split)).toEqual([[], ['ab'], ['c', ''], []]);
    expect(split(Buffer.from('\n'))).toEqual(['de']);
  });

  test('of more than the longest length end it, with and without their newline', () => {
    expect(lineSplitter(3)(Buffer.from('abc\n'))).toEqual(['abc']);
    const split = lineSplitter(3);
    expect([split(Buffer.from('abcd\n')), split(Buffer.from('a\n'))]).toEqual([undefined, undefined]);
    const other = lineSplitter(3);
    expect([other(Buffer.from('ab')), other(Buffer.from('cd'))]).toEqual([[], undefined]);
  });
});
