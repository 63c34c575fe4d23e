import type { Device } from './device.js';
import type { IommuUnit } from './driver.js';
import type { Group } from './group.js';

/**
 * The six notifications of Linux 3.6 to 5.18, in the kernel's numbering order, for one device of a group.
 *
 * `add-device` comes when the device is fully in, `del-device` before it is taken out; the four of a kernel driver
 * only for a device that has a group.
 *
 * @see Linux v3.6 include/linux/iommu.h IOMMU_GROUP_NOTIFY_*
 */
export type GroupNotification =
  | 'add-device'
  | 'del-device'
  | 'bind-driver'
  | 'bound-driver'
  | 'unbind-driver'
  | 'unbound-driver';

/** What happens to groups and units, in the order in which it happens. */
export type IommuEvent =
  | { readonly type: GroupNotification; readonly group: Group; readonly device: Device }
  /** After `del-device`, when the device is out; the group may end then. */
  | { readonly type: 'device-left'; readonly group: Group; readonly device: Device }
  | { readonly type: 'group-added' | 'group-removed'; readonly group: Group }
  | { readonly type: 'name-changed' | 'type-changed'; readonly group: Group }
  | { readonly type: 'unit-added' | 'unit-removed'; readonly unit: IommuUnit };

/** Hears of events. It may ask the model, and change it. */
export type Listener<E = IommuEvent> = (event: E) => void;

/**
 * Calls listeners in the order in which they came; one that leaves during a call is not called again.
 *
 * What a listener throws never reaches the operation that it hears of: it surfaces as an unhandled rejection.
 */
export class Emitter<E = IommuEvent> {
  readonly #listeners = new Set<Listener<E>>();

  /** Hear of every event from now on; a function given twice hears it once. @returns A function that takes it off. */
  on(listener: Listener<E>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Call every listener. */
  emit(event: E): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        void Promise.reject(error);
      }
    }
  }
}
