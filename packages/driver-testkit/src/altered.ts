import type { BoundDriver, IommuDriver, Platform } from '@iommu/core';

/** The same object with other members; what is a method runs on the object itself, which may have private parts. */
const withMembers = <T extends object>(target: T, members: Partial<T>): T =>
  new Proxy(target, {
    get(object, key) {
      if (Object.hasOwn(members, key)) return members[key as keyof T];
      const value = Reflect.get(object, key, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
    has: (object, key) => key in members || key in object,
  });

/**
 * A driver some of whose members are others once it is bound, for trying whether tests catch what is wrong.
 *
 * @param change - Given the driver as it was bound, whose methods can be called apart from it.
 */
export const altered = (
  driver: IommuDriver,
  change: (bound: BoundDriver, platform: Platform) => Partial<BoundDriver>,
): IommuDriver => ({
  ...driver,
  bind(platform) {
    const bound = driver.bind(platform);
    if (!bound) return undefined;
    const free = withMembers(bound, {});
    return withMembers(bound, change(free, platform));
  },
});
