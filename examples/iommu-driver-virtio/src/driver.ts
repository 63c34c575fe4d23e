import type {
  BoundDriver,
  Device,
  Errno,
  GroupAccess,
  GroupDecision,
  IommuDriver,
  Platform,
  Reason,
  Refusal,
  ReservedRegion,
  UnitNone,
} from '@iommu/core';
import { isPciDevice, pciDeviceGroup } from '@iommu/pci';
import { assumeViot } from './assume.js';
import { askAbout } from './endpoints.js';
import { virtioFirmware } from './firmware.js';
import { isVirtioIommu } from './functions.js';
import { interruptWindow } from './reserved.js';
import type { Carrier, VirtioFirmware, VirtioFound, VirtioUnit } from './unit.js';
import { unitsOf } from './units.js';

/** Untranslated domains: Linux v5.17, viommu_domain_map_identity(). */
const IDENTITY_SINCE = '5.17';
/** Lazy flushing: patch "iommu/virtio: Add ops->flush_iotlb_all and enable deferred flush" on v6.7-rc2. */
const LAZY_SINCE = '6.8';

/**
 * The virtio-iommu of virtual machines.
 *
 * @returns A driver that binds to machines with such a device, or whose VIOT or device tree speaks of one.
 */
export const virtioIommu = (): IommuDriver => ({
  specVersion: 1,
  name: 'virtio',
  bind(platform) {
    const firmware = virtioFirmware(platform);
    if (!firmware && !platform.devices.some(isVirtioIommu)) return undefined;
    return firmware && 'rule' in firmware
      ? new BoundVirtio(platform, undefined, firmware)
      : new BoundVirtio(platform, firmware, undefined);
  },
  assume: assumeViot,
});

class BoundVirtio implements BoundDriver {
  readonly units: readonly VirtioUnit[];
  readonly busFeatures: readonly string[];
  readonly groupsAt: 'unit-registration' | 'driver-probe';
  /** @see Linux v7.0 drivers/iommu/virtio-iommu.c viommu_probe() */
  readonly keepsUndoneUnits = true;
  readonly #platform: Platform;
  readonly #firmware: VirtioFirmware | undefined;
  readonly #unread: Reason | undefined;
  readonly #byCarrier: ReadonlyMap<Carrier, VirtioUnit>;
  readonly #window: ReservedRegion;
  readonly #told = new Set<Device>();

  /** @param unread - Why the kernel does not read what firmware says. */
  constructor(platform: Platform, firmware: VirtioFirmware | undefined, unread: Reason | undefined) {
    this.#platform = platform;
    this.#firmware = firmware;
    this.#unread = unread;
    const isTranslated = (device: Device): boolean => {
      const endpoint = firmware?.endpointOf(device);
      return endpoint !== undefined && 'carrier' in endpoint;
    };
    this.units = unitsOf(firmware?.carriers ?? [], platform.devices, isTranslated);
    this.#byCarrier = new Map(this.units.map((unit) => [unit.carrier, unit]));
    this.busFeatures = firmware?.busFeatures ?? [];
    this.groupsAt =
      platform.kernel.rule('groups-by-firmware') === 'driver-probe' ? 'driver-probe' : 'unit-registration';
    this.#window = interruptWindow(platform.kernel.arch, firmware);
    if (firmware && platform.kernel.arch !== 'x86') {
      platform.report({
        severity: 'assumed',
        code: 'virtio-iommu-regions',
        message:
          'which addresses the virtual IOMMU leaves alone is not in the input; it is taken to answer as QEMU does, with the page for interrupts',
      });
    }
  }

  unitOf(device: Device): VirtioFound | UnitNone | undefined {
    if (this.#unread) return { none: this.#unread };
    const endpoint = this.#firmware?.endpointOf(device);
    if (!endpoint || 'none' in endpoint) return endpoint;
    const unit = this.#byCarrier.get(endpoint.carrier);
    return unit && { unit, ids: endpoint.ids };
  }

  probeDevice(device: Device, { unit }: VirtioFound): Refusal | undefined {
    const refusal = askAbout(device, unit, this.groupsAt === 'unit-registration');
    if (refusal) this.#tellSupposition(device);
    return refusal;
  }

  /** Once, however often the device is probed. */
  #tellSupposition(device: Device): void {
    if (this.#told.has(device)) return;
    this.#told.add(device);
    this.#platform.report({
      severity: 'assumed',
      code: 'virtio-iommu-endpoints',
      message: `what the virtual IOMMU answers is not in the input; as QEMU's would, it is taken to know no endpoint for ${device.name}`,
    });
  }

  /** @see Linux v7.0 drivers/iommu/virtio-iommu.c viommu_device_group() */
  deviceGroup(device: Device, groups: GroupAccess): GroupDecision {
    if (isPciDevice(device)) return pciDeviceGroup(device, groups);
    const reason = {
      rule: 'one-group-per-device',
      text: `${device.name} is no PCI device, and has a group of its own.`,
      source: 'generic_device_group()',
      devices: [device],
    };
    return { group: groups.alloc(), reasons: [reason] };
  }

  /** @see Linux v7.0 drivers/iommu/virtio-iommu.c viommu_get_resv_regions() */
  reservedRegions(device: Device): readonly ReservedRegion[] {
    return [this.#window, ...(this.#firmware?.regionsOf(device) ?? [])];
  }

  /** @see Linux v6.1 drivers/iommu/virtio-iommu.c viommu_domain_alloc() */
  domainError(_device: Device, type: 'identity' | 'DMA' | 'DMA-FQ'): Errno | undefined {
    const since = { identity: IDENTITY_SINCE, 'DMA-FQ': LAZY_SINCE, DMA: undefined }[type];
    return since === undefined || this.#platform.kernel.has(since) ? undefined : 'ENOMEM';
  }
}
