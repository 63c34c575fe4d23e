import type { DirectoryKind } from './directory.js';

/**
 * `power/` of a device. What stands in it tells of the moment and of how the kernel was built, which no description
 * holds: it is empty.
 */
export const powerKind = <S>(isThere: (subject: S) => boolean): DirectoryKind<S> => ({ parts: [], isThere });
