import type { Device, IommuEvent } from '@iommu/core';

/**
 * What happens on a running machine, in the order in which it happens.
 *
 * `device-added` comes when the device was grouped, if it is at all; `device-removed` when everything of it is gone: its
 * driver, its place in a group, its virtual functions.
 */
export type MachineEvent =
  | { readonly type: 'device-added' | 'device-removed'; readonly device: Device }
  | { readonly type: 'driver-bound' | 'driver-unbound'; readonly device: Device; readonly driver: string }
  | { readonly type: 'driver-registered' | 'driver-unregistered'; readonly driver: string }
  /** `driver_override` of the device has another value. */
  | { readonly type: 'override-changed'; readonly device: Device }
  /** The physical function has another number of virtual functions. */
  | { readonly type: 'vfs-changed'; readonly device: Device }
  | IommuEvent;
