/**
 * The text of a link, as the kernel writes it: upwards from the directory that holds the link until that stands above
 * the target, then down.
 *
 * @param directory - Path of the directory that holds the link.
 * @param target - Path of what it leads to. Both below `/sys`, without a leading slash.
 * @see Linux v7.0 fs/kernfs/symlink.c kernfs_get_target_path()
 */
export const linkText = (directory: string, target: string): string => {
  const from = directory.split('/');
  const to = target.split('/');
  let shared = 0;
  // The directory that is left must stand above the target, not be it.
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared++;
  return '../'.repeat(from.length - shared) + to.slice(shared).join('/');
};
