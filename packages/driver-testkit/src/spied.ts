import type { Diagnostic, GroupAccess, IommuDriver, Platform } from '@iommu/core';
import { altered } from './altered.js';

/** What a driver did while it was bound. */
export interface Spied {
  readonly driver: IommuDriver;
  /** Every table that it was given, by name, as it is now and as it was. */
  readonly tables: Map<string, { readonly given: Uint8Array; readonly before: Uint8Array }>;
  readonly diagnostics: Diagnostic[];
  /** As it was last bound. */
  readonly platform: () => Platform | undefined;
}

/** The name of a device tree among {@link Spied.tables}. */
export const DEVICE_TREE = 'device tree';

/** The same driver, whose doings are written down, and whose view of the groups ends with each call. */
export const spied = (driver: IommuDriver): Spied => {
  const tables: Spied['tables'] = new Map();
  const diagnostics: Diagnostic[] = [];
  let last: Platform | undefined;
  const remember = (name: string, given: Uint8Array | undefined): Uint8Array | undefined => {
    if (given && tables.get(name)?.given !== given) tables.set(name, { given, before: Uint8Array.from(given) });
    return given;
  };
  const watched = (platform: Platform): Platform => ({
    kernel: platform.kernel,
    units: platform.units,
    devices: platform.devices,
    get deviceTree() {
      return remember(DEVICE_TREE, platform.deviceTree);
    },
    acpiTable: (signature, instance = 0) =>
      remember(instance === 0 ? signature : `${signature}${instance + 1}`, platform.acpiTable(signature, instance)),
    report: (diagnostic) => {
      diagnostics.push(diagnostic);
      platform.report(diagnostic);
    },
  });
  const revoking = altered(driver, ({ deviceGroup }) => ({
    deviceGroup: (device, groups) => {
      const { proxy, revoke } = Proxy.revocable<GroupAccess>(groups, {
        get: (target, key) => {
          const value = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      try {
        return deviceGroup(device, proxy);
      } finally {
        revoke();
      }
    },
  }));
  return {
    driver: {
      ...revoking,
      bind: (platform) => {
        last = watched(platform);
        return revoking.bind(last);
      },
    },
    tables,
    diagnostics,
    platform: () => last,
  };
};
