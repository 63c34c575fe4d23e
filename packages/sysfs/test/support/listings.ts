import type { Entry, Listing } from '../../src/view/listing.js';

/** A listing of paths: `a/b/` is a directory, `a/b` a file, `a/b -> c` a link. Directories above are there by themselves. */
export const listing = (...lines: readonly string[]): Listing => {
  const entries = new Map<string, Map<string, Entry>>([['', new Map()]]);
  const directory = (path: string): Map<string, Entry> => {
    const known = entries.get(path);
    if (known) return known;
    const made = new Map<string, Entry>();
    entries.set(path, made);
    const [, above = '', name = path] = /^(?:(.*)\/)?([^/]+)$/.exec(path) ?? [];
    directory(above).set(name, { name, kind: 'directory' });
    return made;
  };
  for (const line of lines) {
    const [path = '', target] = line.split(' -> ');
    if (path.endsWith('/')) directory(path.slice(0, -1));
    else {
      const [, above = '', name = path] = /^(?:(.*)\/)?([^/]+)$/.exec(path) ?? [];
      directory(above).set(name, target === undefined ? { name, kind: 'file' } : { name, kind: 'link', target });
    }
  }
  return { list: (path) => [...(entries.get(path)?.values() ?? [])] };
};
