import { IommuError } from '@iommu/core';
import { shown } from './shown.js';

/**
 * A tree of files that was recorded or is live, read by paths without a leading slash: `sys/bus/pci/devices`.
 *
 * Paths are taken as they stand: links are read, never followed.
 */
export interface FileTree {
  /** Content of a regular file; `undefined` when there is none, or it may not be read. */
  read(path: string): Uint8Array | undefined;
  /** As {@link read}, with the size that the file claims to have, where that may be more than could be read. */
  readSized?(path: string): { readonly bytes: Uint8Array; readonly size: number } | undefined;
  /** Text of a symbolic link. */
  link(path: string): string | undefined;
  /** Names in a directory, in no particular order; empty when there is none. */
  list(path: string): readonly string[];
}

const decoder = new TextDecoder('utf-8');

/** A text file without the blanks at its end. */
export const readText = (tree: FileTree, path: string): string | undefined => {
  const bytes = tree.read(path);
  return bytes && decoder.decode(bytes).trimEnd();
};

/** The last part of a link's text: what it points to. */
export const linkName = (tree: FileTree, path: string): string | undefined => tree.link(path)?.split('/').at(-1);

/** `a/b` and `../c` make `a/c`; `undefined` when the link leads out of the tree. */
export const resolveLink = (directory: string, link: string): string | undefined => {
  const parts = link.startsWith('/') ? [] : directory.split('/').filter(Boolean);
  for (const part of link.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else parts.push(part);
  }
  return parts.join('/');
};

/** A directory, or a leaf. */
interface Node {
  bytes?: Uint8Array;
  link?: string;
  children?: Map<string, Node>;
}

const notBoth = (path: string, above: string, kind: string): IommuError =>
  new IommuError('ERR_HOST_INPUT', `'${shown(path)}' cannot be there: '${shown(above)}' is a ${kind}`);

/**
 * A tree in memory, filled path by path; the last of several entries of a path counts. As in a file system nothing is
 * below a file or a link, and what has something below it is neither.
 */
export class MemoryTree implements FileTree {
  readonly #root: Node = { children: new Map() };
  #size = 0;

  /** How many entries it has, directories among them. */
  get size(): number {
    return this.#size;
  }

  #node(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      node = node?.children?.get(part);
    }
    return node;
  }

  /** @throws IommuError `ERR_HOST_INPUT` below a file or a link. */
  #make(path: string): Node {
    let node = this.#root;
    let above = '';
    for (const part of path.split('/')) {
      if (part === '' || part === '.') continue;
      if (node.bytes) throw notBoth(path, above, 'file');
      if (node.link !== undefined) throw notBoth(path, above, 'link');
      above = above === '' ? part : `${above}/${part}`;
      let next = node.children?.get(part);
      if (!next) {
        next = {};
        this.#size++;
        node.children ??= new Map();
        node.children.set(part, next);
      }
      node = next;
    }
    return node;
  }

  /** A place for a file or a link: it may be one already, and no directory. */
  #leaf(path: string): Node {
    const node = this.#make(path);
    if (node.children) throw notBoth(path, path, 'directory');
    return node;
  }

  /** Put a file there, in place of one that is there, or of a link. */
  addFile(path: string, bytes: Uint8Array): void {
    const node = this.#leaf(path);
    node.bytes = bytes;
    delete node.link;
  }

  /** Put a symbolic link there, in place of one that is there, or of a file. */
  addLink(path: string, text: string): void {
    const node = this.#leaf(path);
    node.link = text;
    delete node.bytes;
  }

  /** Put a directory there, empty unless it is there already. */
  addDirectory(path: string): void {
    const node = this.#make(path);
    if (node.bytes) throw notBoth(path, path, 'file');
    if (node.link !== undefined) throw notBoth(path, path, 'link');
    node.children ??= new Map();
  }

  /** The bytes given to {@link addFile}, not a copy; `undefined` for a directory or a link. */
  read(path: string): Uint8Array | undefined {
    return this.#node(path)?.bytes;
  }

  /** The text given to {@link addLink}; `undefined` for a directory or a file. */
  link(path: string): string | undefined {
    return this.#node(path)?.link;
  }

  /** In the order in which they came; empty for what is no directory. */
  list(path: string): readonly string[] {
    return [...(this.#node(path)?.children?.keys() ?? [])];
  }
}

/** The part of a tree below a directory, as a tree of its own. */
export const subtree = (tree: FileTree, directory: string): FileTree => {
  if (directory === '') return tree;
  const below = (path: string) => `${directory}/${path}`;
  return {
    read: (path) => tree.read(below(path)),
    ...(tree.readSized && { readSized: (path) => tree.readSized?.(below(path)) }),
    link: (path) => tree.link(below(path)),
    list: (path) => tree.list(path === '' ? directory : below(path)),
  };
};
