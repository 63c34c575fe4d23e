import { ROOT, type SysfsNode } from '../node.js';
import { type Attribute, AttributeFile, hasAttribute, WritableFile } from './attribute.js';
import { Directory, type DirectoryKind, Link, NodesOf, type Part } from './directory.js';
import { linkText } from './link-text.js';
import type { Sys } from './sys.js';

/** Files by their table. Rows whose rule says that the release has no such file are left out. */
export const files = <S>(sys: Sys, table: readonly Attribute<S>[]): Part<S> => {
  const rows = table.filter(({ rule }) => rule === undefined || sys.kernel.rule(rule) !== 'none');
  const byName = new Map(rows.map((row) => [row.name, row]));
  const always = () => true;
  return {
    *names({ subject }) {
      for (const row of rows) if (hasAttribute(row, subject, sys, ROOT)) yield row.name;
    },
    child(name, directory) {
      const row = byName.get(name);
      if (!row || !hasAttribute(row, directory.subject, sys, ROOT)) return undefined;
      return directory.entry(name, always, () =>
        row.write ? new WritableFile(directory, row, sys) : new AttributeFile(directory, row, sys),
      );
    },
  };
};

/** One link of a kind of directory. */
export interface LinkRow<S> {
  readonly name: string;
  /** The kernel rule that says `none` for releases without it. */
  readonly rule?: string;
  /** Path below `/sys` of what it leads to; `undefined`: there is no such link. */
  to(subject: S, sys: Sys): string | undefined;
}

/** A link in a directory, the same as long as it leads to the same place. @param to - Path below `/sys`. */
export const linkIn = <S>(directory: Directory<S>, name: string, to: string): Link => {
  const target = linkText(directory.path, to);
  return directory.entry(
    name,
    (known) => known.kind === 'link' && known.target === target,
    () => new Link(target, directory),
  );
};

/** Links by their table. */
export const links = <S>(sys: Sys, table: readonly LinkRow<S>[]): Part<S> => {
  const rows = new Map(
    table.filter(({ rule }) => rule === undefined || sys.kernel.rule(rule) !== 'none').map((row) => [row.name, row]),
  );
  return {
    *names({ subject }) {
      for (const row of rows.values()) if (row.to(subject, sys) !== undefined) yield row.name;
    },
    child(name, directory) {
      const to = rows.get(name)?.to(directory.subject, sys);
      return to === undefined ? undefined : linkIn(directory, name, to);
    },
  };
};

/** One subdirectory that shows the same as the directory that it stands in. */
export const subdirectory = <S>(name: string, kind: DirectoryKind<S>, has?: (subject: S) => boolean): Part<S> => {
  const always = () => true;
  return {
    *names({ subject }) {
      if (has?.(subject) ?? true) yield name;
    },
    child(asked, directory) {
      if (asked !== name || has?.(directory.subject) === false) return undefined;
      return directory.entry(
        name,
        always,
        () => new Directory(kind, directory.subject, directory.pathOf(name), directory),
      );
    },
  };
};

/** Entries that come and go with what they show. */
export interface Collection<S, K> {
  all(directory: Directory<S>): Iterable<K>;
  find(name: string, directory: Directory<S>): K | undefined;
  name(one: K): string;
  node(one: K, directory: Directory<S>): SysfsNode;
}

export const collection = <S, K>({ all, find, name, node }: Collection<S, K>): Part<S> => ({
  *names(directory) {
    for (const one of all(directory)) yield name(one);
  },
  child(asked, directory) {
    const one = find(asked, directory);
    return one === undefined ? undefined : node(one, directory);
  },
});

/** Links to what comes and goes, each leading to where that is. */
export const linkCollection = <S, K extends object>(
  parts: Omit<Collection<S, K>, 'node'> & { readonly path: (one: K) => string },
): Part<S> => {
  const nodes = new NodesOf<K, Link>();
  return collection({
    ...parts,
    node: (one, { path }) => nodes.get(one, () => new Link(linkText(path, parts.path(one)))),
  });
};
