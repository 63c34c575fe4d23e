import type { FileTree } from '../file-tree.js';
import { MANIFEST, readManifest } from '../recorded-sizes.js';
import type { TreeEntry } from '../tree-entries.js';
import type { Collection } from './collection.js';
import type { Missing } from './missing.js';

/** What a capture says of itself in `capture.json`. */
export interface Manifest {
  readonly schema: 1;
  /** Of the program that captured. */
  readonly version?: string;
  readonly redacted: boolean;
  readonly missing: readonly Missing[];
  /** Of configuration spaces that were cut, what there is on the machine, in bytes by address. */
  readonly configSizes: Readonly<Record<string, number>>;
}

export const configSizes = ({ configs }: Collection): Record<string, number> =>
  Object.fromEntries(
    configs.flatMap(({ address, length, size }) => (size !== undefined && size > length ? [[address, size]] : [])),
  );

export const manifestEntry = (manifest: Manifest): TreeEntry => ({
  path: MANIFEST,
  bytes: new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`),
});

const isMissing = (value: unknown): value is Missing => {
  const { code, message, needed } = (value ?? {}) as Partial<Missing>;
  return typeof code === 'string' && typeof message === 'string' && typeof needed === 'boolean';
};

/** What an earlier capture said of itself; nothing where a tree is none, or what it says cannot be read. */
export const recordedManifest = (top: FileTree): Partial<Pick<Manifest, 'version' | 'missing'>> => {
  const { version, missing } = readManifest(top);
  return {
    ...(typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) && { version }),
    ...(Array.isArray(missing) && { missing: missing.filter(isMissing) }),
  };
};
