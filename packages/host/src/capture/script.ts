import { readFileSync } from 'node:fs';

/** A POSIX shell script that captures a machine without Node; it says at its top what it takes and leaves. */
export const captureScript = (): string => readFileSync(new URL('./capture.sh', import.meta.url), 'utf8');
