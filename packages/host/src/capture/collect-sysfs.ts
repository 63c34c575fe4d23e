import { type FileTree, resolveLink } from '../file-tree.js';
import { sysfsFunctionPaths } from '../sysfs-pci.js';
import type { Collection } from './collection.js';

/** What a device's files tell of its kind and place. Never `vpd`, `rom` or anything of the drivers' own. */
const ATTRIBUTES =
  /^(?:config|vendor|device|subsystem_vendor|subsystem_device|class|revision|modalias|resource|irq|enable|numa_node|driver_override|ari_enabled|removable|(?:secondary|subordinate)_bus_number|sriov_(?:totalvfs|numvfs|offset|stride|vf_device))$/;
const LINKS = /^(?:driver|subsystem|iommu|iommu_group|physfn|virtfn\d+|firmware_node|of_node)$/;
/** What firmware says of a device behind these links: the name that its tables call it by, and which IOMMU it is behind. */
const FIRMWARE_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  firmware_node: ['path', 'hid'],
  of_node: ['iommus'],
};
const UNIT_ATTRIBUTES = /^(?:address|cap|ecap|version|features|domains_supported|domains_used)$/;
const GROUP_ATTRIBUTES = ['name', 'reserved_regions', 'type'];
/** Buses besides PCI with devices behind IOMMUs. */
const BUSES = ['platform', 'amba', 'fsl-mc'];

/** Takes what grouping needs out of sysfs, as it lies there. */
export class SysfsCollector {
  readonly #sys: FileTree;
  readonly #into: Collection;
  readonly #devices = new Set<string>();

  constructor(sys: FileTree, into: Collection) {
    this.#sys = sys;
    this.#into = into;
  }

  collect(): void {
    this.#functions();
    for (const bus of BUSES) this.#bus(bus);
    this.#units();
    this.#groups();
  }

  #file(path: string): void {
    const bytes = this.#sys.read(path);
    if (bytes) this.#into.file(`sys/${path}`, bytes);
  }

  /** A link that stays within sysfs. @returns The directory that it leads to. */
  #link(path: string): string | undefined {
    const text = this.#sys.link(path);
    const target =
      text === undefined || text.startsWith('/')
        ? undefined
        : resolveLink(path.split('/').slice(0, -1).join('/'), text);
    if (text !== undefined && target !== undefined) this.#into.link(`sys/${path}`, text);
    return target;
  }

  /** A link of a device; of one that leads elsewhere the name at its end is what counts. */
  #deviceLink(path: string): string | undefined {
    const target = this.#link(path);
    const name = target === undefined ? this.#sys.link(path)?.split('/').at(-1) : undefined;
    if (name) this.#into.link(`sys/${path}`, name);
    return target;
  }

  #functions(): void {
    for (const [address, path] of sysfsFunctionPaths(this.#sys)) {
      this.#link(`bus/pci/devices/${address}`);
      this.#device(path);
      const { bytes, size } = this.#sys.readSized?.(`${path}/config`) ?? {
        bytes: this.#sys.read(`${path}/config`),
        size: undefined,
      };
      this.#into.config(address, bytes?.length ?? 0, size);
    }
  }

  #bus(bus: string): void {
    for (const name of [...this.#sys.list(`bus/${bus}/devices`)].sort()) {
      const path = this.#link(`bus/${bus}/devices/${name}`);
      if (path !== undefined) this.#device(path);
    }
  }

  #device(path: string): void {
    if (this.#devices.has(path)) return;
    this.#devices.add(path);
    for (const name of [...this.#sys.list(path)].sort()) {
      if (ATTRIBUTES.test(name)) this.#file(`${path}/${name}`);
      else if (LINKS.test(name)) {
        const target = this.#deviceLink(`${path}/${name}`);
        for (const attribute of FIRMWARE_ATTRIBUTES[name] ?? [])
          if (target !== undefined) this.#file(`${target}/${attribute}`);
      }
    }
  }

  #units(): void {
    const paths = new Set(this.#sys.list('devices/virtual/iommu').map((name) => `devices/virtual/iommu/${name}`));
    for (const name of [...this.#sys.list('class/iommu')].sort()) {
      const path = this.#link(`class/iommu/${name}`);
      if (path === undefined) this.#into.directory(`sys/class/iommu/${name}`);
      else paths.add(path);
    }
    for (const path of [...paths].sort()) {
      for (const vendor of ['intel-iommu', 'amd-iommu']) {
        for (const name of [...this.#sys.list(`${path}/${vendor}`)].sort()) {
          if (UNIT_ATTRIBUTES.test(name)) this.#file(`${path}/${vendor}/${name}`);
        }
      }
      this.#link(`${path}/device`);
      for (const name of [...this.#sys.list(`${path}/devices`)].sort()) this.#link(`${path}/devices/${name}`);
    }
  }

  #groups(): void {
    const root = 'kernel/iommu_groups';
    if (!this.#sys.list('kernel').includes('iommu_groups')) return;
    this.#into.directory(`sys/${root}`);
    const ids = this.#sys.list(root).filter((name) => /^\d+$/.test(name));
    this.#into.groups = ids.length;
    for (const id of ids.sort((a, b) => Number(a) - Number(b))) {
      this.#into.directory(`sys/${root}/${id}/devices`);
      for (const name of GROUP_ATTRIBUTES) this.#file(`${root}/${id}/${name}`);
      for (const name of [...this.#sys.list(`${root}/${id}/devices`)].sort()) {
        const path = this.#link(`${root}/${id}/devices/${name}`);
        if (path === undefined) this.#into.directory(`sys/${root}/${id}/devices/${name}`);
        else this.#device(path);
      }
    }
  }
}
