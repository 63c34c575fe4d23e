import type { Device, Group, IommuEvent, IommuUnit } from '@iommu/core';
import type { Tell } from './changes.js';
import { devicePath, groupPath, type Sys, unitOf, unitPath } from './sys.js';

type GroupEvent = Exclude<IommuEvent, { unit: IommuUnit }>;

const linkOf = (group: Group, device: Device): string => group.linkNames[group.devices.indexOf(device)] ?? device.name;

/** Paths that come, go and change with groups and their members. */
export class GroupChanges {
  readonly #sys: Sys;
  readonly #tell: Tell;
  readonly #isKnown: (device: Device) => boolean;
  readonly #hasDirectories: boolean;
  readonly #named = new WeakSet<Group>();
  /** Devices on their way out of a group: what they were linked to. */
  readonly #leaving = new Map<Device, { readonly link: string; readonly unit: IommuUnit | undefined }>();

  /** @param isKnown - Whether the directory of a device was told of. */
  constructor(sys: Sys, tell: Tell, isKnown: (device: Device) => boolean) {
    this.#sys = sys;
    this.#tell = tell;
    this.#isKnown = isKnown;
    this.#hasDirectories = sys.kernel.rule('group-link') === undefined;
    for (const group of sys.running.iommu.groups) if (group.name !== undefined) this.#named.add(group);
  }

  handle(event: GroupEvent): void {
    const { group } = event;
    switch (event.type) {
      case 'group-added':
        if (this.#hasDirectories) this.#tell('added', groupPath(group));
        break;
      case 'group-removed':
        if (this.#hasDirectories) this.#tell('removed', groupPath(group));
        break;
      case 'add-device':
        this.#links('added', group, event.device, linkOf(group, event.device), unitOf(this.#sys, event.device));
        break;
      case 'del-device':
        this.#leaving.set(event.device, { link: linkOf(group, event.device), unit: unitOf(this.#sys, event.device) });
        break;
      case 'device-left':
        this.#left(group, event.device);
        break;
      case 'name-changed':
        this.#name(group);
        break;
      case 'type-changed':
        this.#tell('changed', `${groupPath(group)}/type`);
    }
  }

  #has(rule: string): boolean {
    return this.#sys.kernel.rule(rule) !== 'none';
  }

  #left(group: Group, device: Device): void {
    const known = this.#leaving.get(device);
    this.#leaving.delete(device);
    if (known) this.#links('removed', group, device, known.link, known.unit);
  }

  #links(type: 'added' | 'removed', group: Group, device: Device, link: string, unit: IommuUnit | undefined): void {
    if (this.#hasDirectories) this.#tell(type, `${groupPath(group)}/devices/${link}`);
    this.#tell('changed', `${groupPath(group)}/reserved_regions`);
    const linked = this.#has('unit-class') ? unit : undefined;
    if (linked) this.#tell(type, `${unitPath(linked)}/devices/${device.name}`);
    if (!this.#isKnown(device) || !this.#has('group-link')) return;
    if (linked) this.#tell(type, `${devicePath(device)}/iommu`);
    this.#tell(type, `${devicePath(device)}/iommu_group`);
  }

  #name(group: Group): void {
    if (!this.#hasDirectories) return;
    const path = `${groupPath(group)}/name`;
    const had = this.#named.has(group);
    if (group.name === undefined) {
      this.#named.delete(group);
      if (had) this.#tell('removed', path);
      return;
    }
    this.#named.add(group);
    this.#tell(had ? 'changed' : 'added', path);
  }
}
