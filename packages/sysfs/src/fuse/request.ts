import { Fields } from './fields.js';
import { RequestHeader } from './protocol.js';

const decoder = new TextDecoder();

/** A request of the kernel. */
export interface Request {
  readonly opcode: number;
  readonly nodeid: number;
  /** Who asks: the user id, in the mount's user namespace, and the thread id, 0 where the mount's pid namespace has none. */
  readonly uid: number;
  readonly pid: number;
  /** What follows the header. */
  readonly body: Uint8Array;
  readonly fields: Fields;
}

/** @returns `undefined` for bytes that are too short to be answered. */
export const readRequest = (bytes: Uint8Array): Request | undefined => {
  if (bytes.length < RequestHeader.bytes) return undefined;
  const header = new Fields(bytes);
  return {
    opcode: header.u32(RequestHeader.opcode),
    nodeid: header.u64(RequestHeader.nodeid),
    uid: header.u32(RequestHeader.uid),
    pid: header.u32(RequestHeader.pid),
    body: bytes.subarray(RequestHeader.bytes),
    fields: new Fields(bytes, RequestHeader.bytes),
  };
};

/** The name that a body consists of, up to its byte of 0. */
export const nameIn = (body: Uint8Array): string => {
  const end = body.indexOf(0);
  return decoder.decode(end < 0 ? body : body.subarray(0, end));
};
