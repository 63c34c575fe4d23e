import { timingSafeEqual } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { IommuError } from '@iommu/core';
import { toFailure } from './failure.js';
import { lineSplitter } from './lines.js';
import { type ControlPlace, clearPlace, writeNote } from './places.js';
import { CONTROL_VERSION, type ControlReply, type Hello, LONGEST_MESSAGE, parseRequest } from './protocol.js';

/** What can be called, by name. What a call throws is the answer. */
export type ControlCalls = Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => unknown>>;

export interface ControlServerOptions {
  readonly place: ControlPlace;
  readonly mount: string;
  readonly calls: ControlCalls;
  /** Hear of events, until the returned function is called. */
  readonly subscribe: (listener: (event: unknown) => void) => () => void;
  /** What a call changed is to be seen everywhere before it is answered. */
  readonly settled: () => Promise<void>;
}

/** So much may wait for a client that does not read, in bytes; then it is left. */
const LONGEST_BACKLOG = 16 * 1024 * 1024;

const isEqual = (given: unknown, token: string): boolean => {
  const bytes = Buffer.from(typeof given === 'string' ? given : '');
  const wanted = Buffer.from(token);
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
};

/** One who is connected. */
class Peer {
  readonly #socket: Socket;
  readonly #server: ControlServerOptions;
  readonly #token: string;
  #isKnown = false;
  #unsubscribe: () => void = () => {};

  constructor(socket: Socket, server: ControlServerOptions, token: string) {
    this.#socket = socket;
    this.#server = server;
    this.#token = token;
    const split = lineSplitter(LONGEST_MESSAGE);
    socket.on('data', (chunk) => {
      const lines = split(chunk);
      if (!lines) this.#end(0, `a message of more than ${LONGEST_MESSAGE} bytes`);
      for (const line of lines ?? []) void this.#take(line);
    });
    // Whoever goes away without a word, goes.
    socket.on('error', () => {});
    socket.on('close', () => this.#unsubscribe());
  }

  async #take(line: string): Promise<void> {
    let id = 0;
    try {
      const request = parseRequest(line);
      id = request.id;
      const result = this.#isKnown
        ? await this.#run(request.call, request.params)
        : this.#greet(request.call, request.params);
      this.#send({ id, result: result ?? null });
    } catch (error) {
      if (this.#isKnown) this.#send({ id, error: toFailure(error) });
      else this.#end(id, error instanceof Error ? error.message : String(error));
    }
  }

  #greet(call: string, { version, token }: Readonly<Record<string, unknown>>): Hello {
    if (call !== 'hello') throw new Error('the first call is hello');
    if (!isEqual(token, this.#token)) throw new Error('the token is another');
    if (version !== CONTROL_VERSION)
      throw new Error(`version ${String(version)} of the protocol is not spoken, only ${CONTROL_VERSION}`);
    this.#isKnown = true;
    return { version: CONTROL_VERSION, mount: this.#server.mount, pid: process.pid };
  }

  async #run(name: string, params: Readonly<Record<string, unknown>>): Promise<unknown> {
    const { calls, settled, subscribe } = this.#server;
    if (name === 'events') {
      this.#unsubscribe();
      this.#unsubscribe = subscribe((event) => this.#send({ event }));
      return undefined;
    }
    const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
    if (!call) {
      const known = [...Object.keys(calls), 'events'].join(', ');
      throw new IommuError('ERR_CONTROL_CALL', `there is no call '${name}'; there are ${known}`);
    }
    try {
      return await call(params);
    } finally {
      await settled();
    }
  }

  #send(message: ControlReply | { readonly event: unknown }): void {
    if (this.#socket.writableLength > LONGEST_BACKLOG) this.#socket.destroy();
    else if (this.#socket.writable) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #end(id: number, message: string): void {
    this.#send({ id, error: { code: 'ERR_CONTROL_REFUSED', message } });
    this.#socket.end();
  }
}

/** Listens for those who want to talk to a running machine. */
export class ControlServer {
  readonly #server: Server;
  readonly #place: ControlPlace;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, place: ControlPlace) {
    this.#server = server;
    this.#place = place;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** @throws IommuError `ERR_CONTROL_PLACE` */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    const { place } = options;
    const token = writeNote(place, options.mount);
    const server = createServer((socket) => new Peer(socket, options, token));
    const control = new ControlServer(server, place);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(place.socket, resolve);
    });
    chmodSync(place.socket, 0o600);
    return control;
  }

  /** Nobody can connect any more; who is connected is left after what was sent to him. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.end();
    clearPlace(this.#place);
  }
}
