import { buffer } from 'node:stream/consumers';
import { pack } from 'tar-stream';

/** One file, link or directory of a tree that is written; paths are relative, without `..`. */
export type TreeEntry =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly link: string }
  | { readonly path: string; readonly directory: true };

/** A reproducible archive: no owner, no time. */
const EPOCH = new Date(0);

/** Entries as a tar archive: data only, the same bytes for the same entries. */
export const entriesToTar = async (entries: Iterable<TreeEntry>): Promise<Uint8Array> => {
  const archive = pack();
  const whole = buffer(archive);
  for (const entry of entries) {
    if ('bytes' in entry) archive.entry({ name: entry.path, mode: 0o644, mtime: EPOCH }, Buffer.from(entry.bytes));
    else if ('link' in entry) {
      archive.entry({ name: entry.path, type: 'symlink', linkname: entry.link, mode: 0o777, mtime: EPOCH });
    } else archive.entry({ name: entry.path, type: 'directory', mode: 0o755, mtime: EPOCH });
  }
  archive.finalize();
  return whole;
};
