/** What `/sys` has at its top, as far as our trees go. */
const TOP = new Set(['bus', 'class', 'devices', 'firmware', 'kernel', 'module']);

/**
 * What a path inside a tree may be called from `/sys` on, wherever the tree is: `/tmp/out/sys/kernel/iommu_groups/0` and
 * `/mnt/kernel/iommu_groups/0` are `/sys/kernel/iommu_groups/0`.
 *
 * @param path - Absolute. Empty parts and `.` are taken out, `..` goes up, as far as the text alone tells.
 * @returns The likeliest first: below a `sys`, then below what `/sys` has at its top; at least one, the path itself where
 * nothing in it looks like a part of `/sys`.
 */
export const sysfsPathsOf = (path: string): readonly string[] => {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  const slash = path.endsWith('/') && names.length > 0 ? '/' : '';
  const from = (index: number): string => `${['/sys', ...names.slice(index)].join('/')}${slash}`;
  const belowSys = names.flatMap((name, index) => (name === 'sys' ? [from(index + 1)] : []));
  const belowTop = names.flatMap((name, index) => (TOP.has(name) ? [from(index)] : []));
  const found = [...new Set([...belowSys, ...belowTop])];
  return found.length > 0 ? found : [path];
};
