/*
 * What of the real tree is not seen beside a modelled one: the hardware that the model stands for, and whatever leads to it.
 */
import { covers, type Listing, targetOf, under } from './listing.js';

/** Directories that are the model's alone, whether it has them or not. */
const REPLACED: readonly RegExp[] = [
  /^kernel\/iommu_groups$/,
  /^class\/iommu$/,
  /^bus\/pci$/,
  /^devices\/virtual\/iommu$/,
  // A root bus stands at the top, on Arm also below the platform device of its bridge.
  /^devices\/(?:.*\/)?pci[0-9a-f]{4,8}:[0-9a-f]{2}$/,
  /^firmware\/(?:acpi\/tables|fdt|devicetree)$/,
];

/** Large, and no link in them leads to a device that is replaced. */
const WITHOUT_LINKS = new Set(['devices/system', 'kernel/slab', 'kernel/debug', 'kernel/tracing', 'power']);

/**
 * Directories that describe a device from elsewhere, by the link that tells which: of no use without it. The first part of
 * a match is what is hidden.
 *
 * @see Linux Documentation/ABI/testing/sysfs-devices-physical_node, sysfs-class-devlink
 */
const COMPANIONS: readonly RegExp[] = [
  /^(devices\/LNXSYSTM:00\/.*)\/physical_node\d*$/,
  /^(devices\/virtual\/devlink\/[^/]+)\/(?:supplier|consumer)$/,
];

interface Link {
  readonly path: string;
  readonly to: string;
}

/** What is hidden of a real tree. */
export interface Hidden {
  /** Directories, files and links that are left out, with all below them. */
  readonly paths: ReadonlySet<string>;
  /** Directories with something hidden below them, which therefore cannot be shown as they are. */
  readonly changed: ReadonlySet<string>;
}

/** Every link outside what is replaced, and the places that are replaced. */
const survey = (real: Listing, mounts: ReadonlySet<string>): { links: Link[]; replaced: Set<string> } => {
  const links: Link[] = [];
  const replaced = new Set<string>();
  const pending = [''];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    for (const entry of real.list(directory)) {
      const path = under(directory, entry.name);
      if (REPLACED.some((one) => one.test(path))) replaced.add(path);
      else if (entry.kind === 'link') {
        const to = targetOf(directory, entry.target);
        if (to !== undefined) links.push({ path, to });
      } else if (entry.kind === 'directory' && !WITHOUT_LINKS.has(path) && !mounts.has(path)) pending.push(path);
    }
  }
  return { links, replaced };
};

/** What a link into what is hidden takes along. */
const hiddenBy = (link: string): string => {
  for (const companion of COMPANIONS) {
    const described = companion.exec(link)?.[1];
    if (described !== undefined) return described;
  }
  return link;
};

/**
 * Find what a view leaves out of the real tree.
 *
 * @param mounts - Where other file systems are mounted in it; they are not looked into.
 */
export const hiddenOf = (real: Listing, mounts: ReadonlySet<string>): Hidden => {
  const { links, replaced } = survey(real, mounts);
  const paths = replaced;
  // What is hidden may be where another link leads. Each round hides something or is the last.
  for (let before = -1; before !== paths.size; ) {
    before = paths.size;
    for (const { path, to } of links) {
      if (!covers(paths, path) && covers(paths, to)) paths.add(hiddenBy(path));
    }
  }
  const changed = new Set<string>(['']);
  for (const path of paths) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      changed.add(path.slice(0, end));
  }
  return { paths, changed };
};
