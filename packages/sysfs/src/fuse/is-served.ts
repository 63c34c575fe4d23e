import { readFileSync } from 'node:fs';
import { isIommuError } from '@iommu/core';
import { ControlConnection } from '../control/client.js';
import { clearPlace, placesOf, readNote } from '../control/places.js';

const stateOf = (pid: number): string | undefined => {
  try {
    return /^\d+ \(.*\) (\w) /s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
};

/**
 * Whether a process was killed but cannot end: one of its threads waits for the kernel, which waits for an answer that
 * nobody gives any more. Its main thread is a zombie then, although its parent was not told of an end.
 */
export const isStuck = (pid: number): boolean => /[ZX]/.test(stateOf(pid) ?? '');

const isAlive = (pid: number): boolean => stateOf(pid) !== undefined && !isStuck(pid);

/** Whether a process answers for a mount of ours. What belongs to nobody any more is cleared away. */
export const isServed = async (mount: string): Promise<boolean> => {
  for (const place of placesOf(mount)) {
    try {
      const { connection } = await ControlConnection.open(place);
      connection.close();
      return true;
    } catch (error) {
      // It answered, if only with a refusal.
      if (isIommuError(error, 'ERR_CONTROL_REFUSED')) return true;
      const pid = readNote(place)?.pid;
      if (pid === undefined || !isAlive(pid)) clearPlace(place);
      // It is there, and has no time.
      else if (isIommuError(error, 'ERR_CONTROL_SILENT')) return true;
    }
  }
  return false;
};
