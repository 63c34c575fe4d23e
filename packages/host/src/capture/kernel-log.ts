import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** A record is no longer than this. */
const RECORD = 8192;
/** The log is a ring of a megabyte or so; a writer that never stops must not hold us up. */
const RECORDS = 200_000;

const CODES_BEFORE_END: ReadonlySet<string> = new Set(['EPIPE', 'EINTR']);

/** `6,339,5140900,-;NET: …` with lines of properties below. */
const textOf = (record: string): string | undefined => {
  const match = /^(\d+),\d+,(\d+),[^;]*;([^\n]*)/.exec(record);
  // The upper bits of the priority say who wrote it; 0 is the kernel.
  if (!match || Number(match[1]) >> 3 !== 0) return undefined;
  const seconds = (Number(match[2]) / 1e6).toFixed(6).padStart(12);
  const text = (match[3] ?? '').replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return `[${seconds}] ${text}\n`;
};

/** The next record; `null` at the end; `undefined` for one that was lost. */
const nextRecord = (descriptor: number, buffer: Buffer): string | null | undefined => {
  try {
    const length = readSync(descriptor, buffer);
    return length === 0 ? null : buffer.toString('utf8', 0, length);
  } catch (error) {
    return CODES_BEFORE_END.has((error as NodeJS.ErrnoException).code ?? '') ? undefined : null;
  }
};

/**
 * The kernel's log, as far as its ring still holds it.
 *
 * @returns `undefined` where there is none, or it may not be read.
 * @see Linux Documentation/ABI/testing/dev-kmsg
 */
export const readKernelLog = (path = '/dev/kmsg'): string | undefined => {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return undefined;
    const buffer = Buffer.alloc(RECORD);
    const lines: string[] = [];
    for (let left = RECORDS; left > 0; left--) {
      const record = nextRecord(descriptor, buffer);
      if (record === null) break;
      if (record !== undefined) lines.push(textOf(record) ?? '');
    }
    const log = lines.join('');
    return log === '' ? undefined : log;
  } finally {
    closeSync(descriptor);
  }
};
