/*
 * Where links lead, as far as the name alone tells. What cannot be told is left as the documents spell it: `...`,
 * `<group>`.
 */

/** A link by its path, and where it leads. */
interface LinkRule {
  readonly link: RegExp;
  readonly target: string;
}

const RULES: readonly LinkRule[] = [
  { link: /^\/sys\/bus\/platform\/devices\/([^/]+)/, target: '/sys/devices/platform/$1' },
  { link: /^\/sys\/bus\/[^/]+\/devices\/([^/]+)/, target: '/sys/devices/.../$1' },
  { link: /^\/sys\/module\/[^/]+\/drivers\/([^/:]+):([^/]+)/, target: '/sys/bus/$1/drivers/$2' },
  { link: /^\/sys\/bus\/[^/]+\/drivers\/[^/]+\/module/, target: '/sys/module/<module>' },
  { link: /^\/sys\/bus\/[^/]+\/drivers\/[^/]+\/([^/]+)/, target: '/sys/devices/.../$1' },
  { link: /^\/sys\/class\/iommu\/([^/]+)/, target: '/sys/devices/.../iommu/$1' },
  { link: /^\/sys\/class\/pci_bus\/([^/]+)/, target: '/sys/devices/.../pci_bus/$1' },
  { link: /^\/sys\/kernel\/iommu_groups\/[^/]+\/devices\/([^/]+)/, target: '/sys/devices/.../$1' },
  { link: /^\/sys\/devices\/.*\/iommu\/[^/]+\/devices\/([^/]+)/, target: '/sys/devices/.../$1' },
  { link: /^\/sys\/devices\/.*\/iommu_group/, target: '/sys/kernel/iommu_groups/<group>' },
  { link: /^\/sys\/devices\/.*\/(?:physfn|virtfn[0-9]+)/, target: '/sys/devices/.../<function>' },
  { link: /^\/sys\/devices\/.*\/domain/, target: '/sys/devices/.../pci_bus/<segment>:<bus>' },
  { link: /^\/sys\/devices\/.*\/pci_bus\/[^/]+\/device/, target: '/sys/devices/.../<function>' },
  { link: /^\/sys\/devices\/.*\/of_node/, target: '/sys/firmware/devicetree/base/.../<node>' },
  { link: /^\/sys\/devices\/.*\/driver/, target: '/sys/bus/pci/drivers/<driver>' },
  { link: /^\/sys\/devices\/.*\/iommu\/[^/]+\/device/, target: '/sys/devices/.../<function>' },
  { link: /^\/sys\/devices\/.*\/iommu/, target: '/sys/devices/.../iommu/<unit>' },
];

/** The rules for links that something comes after. */
const INNER = RULES.map(({ link, target }) => ({ link: new RegExp(`${link.source}(?=/[^/])`), target }));

/** The rules for the last name of a path. */
const LAST = RULES.map(({ link, target }) => ({ link: new RegExp(`${link.source}(?=/+$)`), target }));

/** More links than a path of our tree can hold one after the other. */
const MOST = 16;

/**
 * The same path with its links followed, one after the other: `/sys/bus/pci/devices/0000:01:00.0/iommu_group/type` is
 * `/sys/devices/.../0000:01:00.0/iommu_group/type` and then `/sys/kernel/iommu_groups/<group>/type`.
 */
export function* followLinks(path: string): Generator<string> {
  let current = path;
  for (let n = 0; n < MOST; n++) {
    const rule = INNER.find(({ link }) => link.test(current));
    if (!rule) return;
    current = current.replace(rule.link, rule.target);
    yield current;
  }
}

/** A path that ends with a slash names where its last link leads. @returns `undefined`: that is no link. */
export const followLast = (path: string): string | undefined => {
  const rule = LAST.find(({ link }) => link.test(path));
  return rule && path.replace(rule.link, rule.target);
};
