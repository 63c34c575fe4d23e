import type { MachineEvent } from '@iommu/machine';
import { nodeAt, type SysfsDirectory, type TreeChange } from '../node.js';
import { DeviceChanges } from './device-changes.js';
import { DriverChanges } from './driver-changes.js';
import { GroupChanges } from './group-changes.js';
import { split } from './places.js';
import { devicePath, type Sys } from './sys.js';

/** Says that paths appeared, vanished or changed, if they are there, or were in what is. */
export type Tell = (type: TreeChange['type'], ...paths: readonly string[]) => void;

/** Says which paths appear, vanish or change with each event of a machine. */
export class Changes {
  readonly #tell: Tell;
  readonly #devices: DeviceChanges;
  readonly #drivers: DriverChanges;
  readonly #groups: GroupChanges;

  constructor(sys: Sys, root: SysfsDirectory, emit: (change: TreeChange) => void) {
    // A unit stays when the function goes that it is part of, and its directory does not: nothing changes in there.
    const isMeant = (type: TreeChange['type'], path: string): boolean =>
      nodeAt(root, type === 'removed' ? split(path)[0] : path) !== undefined;
    const tell: Tell = (type, ...paths) => {
      for (const path of paths) if (isMeant(type, path)) emit({ type, path });
    };
    this.#tell = tell;
    this.#devices = new DeviceChanges(sys, tell);
    this.#drivers = new DriverChanges(sys, tell);
    this.#groups = new GroupChanges(sys, tell, (device) => this.#devices.isKnown(device));
  }

  handle(event: MachineEvent): void {
    switch (event.type) {
      case 'device-added':
        this.#devices.added(event.device);
        break;
      case 'device-removed':
        this.#devices.removed(event.device);
        break;
      case 'unit-added':
      case 'unit-removed':
        this.#devices.moved();
        break;
      case 'driver-bound':
      case 'driver-unbound':
        this.#drivers.bound(event.type === 'driver-bound' ? 'added' : 'removed', event.device, event.driver);
        break;
      case 'driver-registered':
      case 'driver-unregistered':
        this.#drivers.registered(event.type === 'driver-registered' ? 'added' : 'removed', event.driver);
        break;
      case 'override-changed':
        this.#tell('changed', `${devicePath(event.device)}/driver_override`);
        break;
      case 'vfs-changed':
        this.#tell('changed', `${devicePath(event.device)}/sriov_numvfs`);
        break;
      default:
        this.#groups.handle(event);
    }
  }
}
