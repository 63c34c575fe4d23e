import { connect, type Socket } from 'node:net';
import { IommuError } from '@iommu/core';
import { fromFailure } from './failure.js';
import { lineSplitter } from './lines.js';
import { type ControlPlace, readNote } from './places.js';
import { CONTROL_VERSION, type Hello, LONGEST_ANSWER, LONGEST_MESSAGE, parseAnswer } from './protocol.js';

/** How long the first answer may take, in milliseconds. */
const GREETING = 5_000;

const gone = (message: string, cause?: unknown): IommuError => new IommuError('ERR_CONTROL_GONE', message, { cause });

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A connection to a running machine. */
export class ControlConnection implements Disposable {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(event: unknown) => void>();
  /** Fulfilled when the other side has gone, or this one has closed. */
  readonly closed: Promise<void>;
  #nextId = 1;
  #end: IommuError | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const split = lineSplitter(LONGEST_ANSWER);
    socket.on('data', (chunk) => {
      try {
        for (const line of split(chunk) ?? []) this.#take(line);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (cause) =>
      this.#fail(gone(`the connection to the running machine broke: ${cause.message}`, cause)),
    );
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#fail(gone('the running machine has ended'));
        resolve();
      });
    });
  }

  /** @throws IommuError `ERR_CONTROL_GONE` when nobody listens there, `ERR_CONTROL_SILENT`, `ERR_CONTROL_REFUSED` */
  static async open(place: ControlPlace): Promise<{ connection: ControlConnection; hello: Hello }> {
    const token = readNote(place)?.token;
    const socket = connect(place.socket);
    const connection = new ControlConnection(socket);
    const timer = setTimeout(
      () => connection.#fail(new IommuError('ERR_CONTROL_SILENT', 'the running machine does not answer')),
      GREETING,
    );
    try {
      const hello = (await connection.call('hello', { version: CONTROL_VERSION, token })) as Hello;
      return { connection, hello };
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws IommuError as the other side gave it; `ERR_CONTROL_GONE` */
  call(call: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (this.#end) return Promise.reject(this.#end);
    const id = this.#nextId++;
    const line = `${JSON.stringify({ id, call, params })}\n`;
    const bytes = Buffer.byteLength(line);
    if (bytes > LONGEST_MESSAGE)
      return Promise.reject(new IommuError('ERR_CONTROL_MESSAGE', `a message of ${bytes} bytes is too long`));
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(line);
    });
  }

  /** Hear of events; they come once `events` was called. @returns A function that takes the listener off. */
  on(listener: (event: unknown) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#socket.destroy();
  }

  /** An idle connection alone does not keep the process alive. */
  unref(): void {
    this.#socket.unref();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #take(line: string): void {
    const answer = parseAnswer(line);
    if ('event' in answer) {
      for (const listener of this.#listeners) listener(answer.event);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    // What is said to nobody in particular concerns everybody.
    if (!waiting && 'error' in answer) this.#fail(fromFailure(answer.error));
    else if ('error' in answer) waiting?.reject(fromFailure(answer.error));
    else waiting?.resolve(answer.result);
  }

  #fail(error: IommuError): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
  }
}
