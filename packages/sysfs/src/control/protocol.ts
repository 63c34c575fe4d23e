import { IommuError } from '@iommu/core';

/*
 * How one talks to a running machine: lines of JSON over a Unix socket. The first request is `hello`, with the version and
 * the token; each request has an id, which its reply repeats; replies may come in another order. An event comes unasked,
 * to those who called `events`.
 *
 *   → {"id":1,"call":"hello","params":{"version":1,"token":"5f…"}}
 *   ← {"id":1,"result":{"version":1,"mount":"/mnt","pid":4711}}
 *   → {"id":2,"call":"bind","params":{"device":"0000:01:00.0","driver":"vfio-pci"}}
 *   ← {"id":2,"error":{"code":"ERR_REFUSED","message":"EBUSY: …","errno":"EBUSY"}}
 *   ← {"event":{"type":"device-removed","device":"0000:02:00.0"}}
 */

export const CONTROL_VERSION = 1;

/** The longest request, in bytes: a few hundred functions with all of their configuration space. */
export const LONGEST_MESSAGE = 4 * 1024 * 1024;

/** The longest answer: a list of a million groups. */
export const LONGEST_ANSWER = 512 * 1024 * 1024;

export interface ControlRequest {
  readonly id: number;
  readonly call: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** An error as it travels. */
export interface ControlFailure {
  readonly code: string;
  readonly message: string;
  /** What the kernel would have answered, where it has an answer. */
  readonly errno?: string;
}

export type ControlReply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ControlFailure };

export interface ControlNotice {
  readonly event: unknown;
}

/** What the server says of itself. */
export interface Hello {
  /** Of the protocol, now 1; a server talks to no client of another. */
  readonly version: number;
  /** The mount point. */
  readonly mount: string;
  /** The process that serves it. */
  readonly pid: number;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const badMessage = (what: string): IommuError => new IommuError('ERR_CONTROL_MESSAGE', `not a message: ${what}`);

const parse = (line: string): Record<string, unknown> => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw badMessage('a line that is no JSON');
  }
  if (!isRecord(value)) throw badMessage('a line that is no JSON object');
  return value;
};

/** @throws IommuError `ERR_CONTROL_MESSAGE` */
export const parseRequest = (line: string): ControlRequest => {
  const { id, call, params = {} } = parse(line);
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw badMessage('a request needs a number as its id');
  if (typeof call !== 'string') throw badMessage('a request needs the name of a call');
  if (!isRecord(params)) throw badMessage('the params of a request are an object');
  return { id, call, params };
};

/** @throws IommuError `ERR_CONTROL_MESSAGE` */
export const parseAnswer = (line: string): ControlReply | ControlNotice => {
  const message = parse(line);
  if ('event' in message) return { event: message['event'] };
  const { id, error } = message;
  if (typeof id !== 'number') throw badMessage('a reply needs the id of its request');
  if (!isRecord(error)) return { id, result: message['result'] };
  const { code, message: text, errno } = error;
  return {
    id,
    error: { code: String(code), message: String(text), ...(typeof errno === 'string' && { errno }) },
  };
};
