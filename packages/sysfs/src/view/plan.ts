/*
 * Two trees as one: from a listing of the real `/sys` and of the modelled one, the steps that build a view of both. Nothing
 * is mounted here.
 */
import { type Hidden, hiddenOf } from './hidden.js';
import { type Entry, type Listing, under } from './listing.js';

/** One entry of a view, to be made after those before it. */
export type Step =
  /** A directory that further steps fill. */
  | { readonly at: string; readonly make: 'directory' }
  | { readonly at: string; readonly make: 'link'; readonly target: string }
  /** An entry of one of the trees, with all that it holds and will hold. */
  | {
      readonly at: string;
      readonly make: 'bind';
      readonly from: 'real' | 'modelled';
      readonly kind: 'directory' | 'file';
    };

/**
 * Directories that hold entries of many devices or modules: both trees' entries stand in them side by side. Any other that
 * the model has is one thing, and is shown as the model has it.
 */
const SHARED: readonly RegExp[] = [
  /^(?:block|bus|class|dev|devices|firmware|fs|hypervisor|kernel|module)$/,
  /^(?:class|dev|firmware)\/[^/]+$/,
  /^bus\/[^/]+(?:\/(?:devices|drivers))?$/,
  /^devices\/(?:platform|faux|LNXSYSTM:00|virtual(?:\/[^/]+)?|system(?:\/[^/]+)?)$/,
];

const isShared = (path: string): boolean => SHARED.some((one) => one.test(path));

interface Trees {
  readonly real: Listing;
  readonly modelled: Listing;
  readonly hidden: Hidden;
}

/** What is left of a real directory. */
const visible = ({ real, hidden }: Trees, path: string): readonly Entry[] =>
  real.list(path).filter(({ name }) => !hidden.paths.has(under(path, name)));

const stepsOf = (trees: Trees, directory: string): Step[] => {
  const own = visible(trees, directory);
  const isDirectory = new Set(own.filter(({ kind }) => kind === 'directory').map(({ name }) => name));
  const modelled = trees.modelled.list(directory);
  const isModelled = new Set(modelled.map(({ name }) => name));
  const step = (entry: Entry, from: 'real' | 'modelled', isMade: boolean): Step[] => {
    const at = under(directory, entry.name);
    if (entry.kind === 'link') return [{ at, make: 'link', target: entry.target }];
    if (entry.kind === 'directory' && isMade) return [{ at, make: 'directory' }, ...stepsOf(trees, at)];
    return [{ at, make: 'bind', from, kind: entry.kind }];
  };
  return [
    ...modelled.flatMap((entry) => {
      const at = under(directory, entry.name);
      // With nothing real left beside it, the model's own directory shows what comes and goes later.
      return step(entry, 'modelled', isDirectory.has(entry.name) && isShared(at) && visible(trees, at).length > 0);
    }),
    ...own
      .filter(({ name }) => !isModelled.has(name))
      .flatMap((entry) => step(entry, 'real', trees.hidden.changed.has(under(directory, entry.name)))),
  ];
};

/**
 * Plan a view in which the modelled tree stands within the real one.
 *
 * The model's groups, units, PCI devices and firmware tables replace the real ones; links to what is replaced are left out.
 * Elsewhere the model's entries stand beside the real ones, and win over those of the same name.
 *
 * @param real - The `/sys` of the machine that this runs on.
 * @param modelled - What stands for `/sys` in the model.
 * @param mounts - Below the real tree, without a leading slash, where other file systems are mounted in it.
 * @returns Steps in an order in which they can be taken, parents before children. A real entry may be gone by then.
 */
export const planUnion = (real: Listing, modelled: Listing, mounts: ReadonlySet<string> = new Set()): readonly Step[] =>
  stepsOf({ real, modelled, hidden: hiddenOf(real, mounts) }, '');
