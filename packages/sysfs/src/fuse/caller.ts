import { readFileSync } from 'node:fs';
import type { Caller } from '../node.js';

/** Bits of a set of capabilities. See Linux include/uapi/linux/capability.h */
const CAP_SYS_RAWIO = 17n;
const CAP_SYS_ADMIN = 21n;

/** The effective capabilities of a thread, or `undefined` where it is not to be found. */
export const effectiveCapabilities = (pid: number): bigint | undefined => {
  if (pid === 0) return undefined;
  try {
    const hex = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return hex === undefined ? undefined : BigInt(`0x${hex}`);
  } catch {
    return undefined;
  }
};

/**
 * Who asks.
 *
 * The capabilities are looked up only when the tree asks for them, once. Of a thread that has ended meanwhile, or that
 * lives in another pid namespace, they are not to be seen: then the superuser has all of them and others none. Unlike
 * Linux, capabilities in the thread's own user namespace count.
 */
export const callerOf = (uid: number, pid: number, capabilitiesOf = effectiveCapabilities): Caller => {
  let capabilities: bigint | undefined;
  const has = (bit: bigint): boolean => {
    capabilities ??= capabilitiesOf(pid) ?? (uid === 0 ? -1n : 0n);
    return ((capabilities >> bit) & 1n) === 1n;
  };
  return {
    uid,
    get sysAdmin() {
      return has(CAP_SYS_ADMIN);
    },
    get sysRawio() {
      return has(CAP_SYS_RAWIO);
    },
  };
};
