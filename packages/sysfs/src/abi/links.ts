/*
 * Where links lead, as far as the name alone tells. What cannot be told is left as the documents spell it: `...`,
 * `<group>`.
 */

interface LinkRule {
  /** Up to the link, and with a slash after it. */
  readonly link: RegExp;
  readonly target: string;
}

const RULES: readonly LinkRule[] = [
  { link: /^\/sys\/bus\/[^/]+\/devices\/([^/]+)\//, target: '/sys/devices/.../$1/' },
  { link: /^\/sys\/bus\/([^/]+)\/drivers\/[^/]+\/([^/]*[.:@][^/]*)\//, target: '/sys/devices/.../$2/' },
  { link: /^\/sys\/class\/iommu\/([^/]+)\//, target: '/sys/devices/.../iommu/$1/' },
  { link: /^\/sys\/kernel\/iommu_groups\/[^/]+\/devices\/([^/]+)\//, target: '/sys/devices/.../$1/' },
  { link: /^\/sys\/devices\/.*\/iommu\/[^/]+\/devices\/([^/]+)\//, target: '/sys/devices/.../$1/' },
  { link: /^\/sys\/devices\/.*\/iommu_group\//, target: '/sys/kernel/iommu_groups/<group>/' },
  { link: /^\/sys\/devices\/.*\/(?:physfn|virtfn[0-9]+)\//, target: '/sys/devices/.../<function>/' },
  { link: /^\/sys\/devices\/.*\/driver\//, target: '/sys/bus/pci/drivers/<driver>/' },
  { link: /^\/sys\/devices\/.*\/iommu\/[^/]+\/device\//, target: '/sys/devices/.../<function>/' },
  { link: /^\/sys\/devices\/.*\/iommu\//, target: '/sys/devices/.../iommu/<unit>/' },
];

/** More links than a path of our tree can hold one after the other. */
const MOST = 16;

/**
 * The same path with its links followed, one after the other: `/sys/bus/pci/devices/0000:01:00.0/iommu_group/type` is
 * `/sys/devices/.../0000:01:00.0/iommu_group/type` and then `/sys/kernel/iommu_groups/<group>/type`.
 */
export function* followLinks(path: string): Generator<string> {
  let current = path;
  for (let n = 0; n < MOST; n++) {
    const rule = RULES.find(({ link }) => link.test(current));
    if (!rule) return;
    current = current.replace(rule.link, rule.target);
    yield current;
  }
}
