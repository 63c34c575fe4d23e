import type { SysfsDirectory, SysfsFile, SysfsLink, SysfsNode, SysfsTree, TreeChange } from '../../src/node.js';

/** A drawing of a tree: a text is a file of that content, `-> x` a link to x, an object a directory. */
export interface Sketch {
  readonly [name: string]: string | Sketch | SysfsNode;
}

const isNode = (value: Sketch | SysfsNode): value is SysfsNode => typeof (value as SysfsNode).kind === 'string';

const encoder = new TextEncoder();

export const sketchFile = (text: string, mode = 0o444): SysfsFile => ({
  kind: 'file',
  mode,
  size: 4096,
  read: () => encoder.encode(text),
});

/** A directory whose entries can be changed by the test that drew it. */
export class SketchDirectory implements SysfsDirectory {
  readonly kind = 'directory';
  readonly mode = 0o755;
  readonly entries = new Map<string, SysfsNode>();

  constructor(sketch: Sketch) {
    for (const [name, value] of Object.entries(sketch)) this.entries.set(name, sketchNode(value));
  }

  names(): Iterable<string> {
    return this.entries.keys();
  }

  child(name: string): SysfsNode | undefined {
    return this.entries.get(name);
  }
}

export const sketchNode = (value: string | Sketch | SysfsNode): SysfsNode => {
  if (typeof value !== 'string') return isNode(value) ? value : new SketchDirectory(value);
  const link: SysfsLink = { kind: 'link', target: value.slice(3) };
  return value.startsWith('-> ') ? link : sketchFile(value);
};

/** A tree that its test changes, telling the listeners of it. */
export class SketchTree implements SysfsTree {
  readonly root: SketchDirectory;
  readonly #listeners = new Set<(change: TreeChange) => void>();

  constructor(sketch: Sketch) {
    this.root = new SketchDirectory(sketch);
  }

  on(listener: (change: TreeChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(change: TreeChange): void {
    for (const listener of this.#listeners) listener(change);
  }

  get listeners(): number {
    return this.#listeners.size;
  }
}
