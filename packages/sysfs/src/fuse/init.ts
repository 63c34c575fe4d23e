import { constants } from 'node:os';
import { Fields } from './fields.js';
import {
  InitFlag,
  InitFlag2,
  InitIn,
  InitOut,
  LINK_CACHE_MINOR,
  MAJOR,
  NEWEST_MINOR,
  OLDEST_MINOR,
} from './protocol.js';
import type { Request } from './request.js';

const { EPROTO } = constants.errno;

/** Two pages: of a longer write it can be seen that only one is taken. */
const MAX_WRITE = 8192;

/** Requests that no process waits for, at once. */
const MAX_BACKGROUND = 16;
const CONGESTED = 12;

/**
 * A server that does not answer for so many seconds is given up by the kernel (Linux 6.15 and newer): who waits for it gets
 * an error in place of waiting for ever.
 */
const REQUEST_TIMEOUT = 60;

const WANTED =
  InitFlag.asyncRead |
  InitFlag.atomicTruncate |
  InitFlag.bigWrites |
  InitFlag.doReaddirplus |
  InitFlag.readdirplusAuto |
  InitFlag.parallelDirops |
  InitFlag.noOpendirSupport |
  InitFlag.initExt;

/**
 * Agree with the kernel on how to talk.
 *
 * @param out - Where the reply goes, behind its header.
 * @returns The length of the reply or an errno below 0, and whether `OPENDIR` may be answered with `ENOSYS`.
 */
export const answerInit = ({ fields, body }: Request, out: Uint8Array): { answer: number; knowsNoOpendir: boolean } => {
  const major = fields.u32(InitIn.major);
  const minor = fields.u32(InitIn.minor);
  const offered = fields.u32(InitIn.flags);
  const offered2 =
    (offered & InitFlag.initExt) !== 0 && body.length >= InitIn.flags2 + 4 ? fields.u32(InitIn.flags2) : 0;
  const reply = new Fields(out);
  out.fill(0, 0, InitOut.bytes);
  reply.put32(InitOut.major, MAJOR);
  // A newer kernel asks again, in the version that it reads here.
  if (major > MAJOR) return { answer: InitOut.bytes, knowsNoOpendir: false };
  if (major < MAJOR || minor < OLDEST_MINOR) return { answer: -EPROTO, knowsNoOpendir: false };
  const flags = offered & (WANTED | (minor >= LINK_CACHE_MINOR ? InitFlag.cacheSymlinks : 0));
  const flags2 = offered2 & InitFlag2.requestTimeout;
  reply.put32(InitOut.minor, Math.min(minor, NEWEST_MINOR));
  reply.put32(InitOut.maxReadahead, fields.u32(InitIn.maxReadahead));
  reply.put32(InitOut.flags, flags >>> 0);
  reply.put32(InitOut.flags2, flags2);
  reply.put16(InitOut.maxBackground, MAX_BACKGROUND);
  reply.put16(InitOut.congestionThreshold, CONGESTED);
  reply.put32(InitOut.maxWrite, MAX_WRITE);
  reply.put32(InitOut.timeGranularity, 1);
  if (flags2 !== 0) reply.put16(InitOut.requestTimeout, REQUEST_TIMEOUT);
  return { answer: InitOut.bytes, knowsNoOpendir: (flags & InitFlag.noOpendirSupport) !== 0 };
};
