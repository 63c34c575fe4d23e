import type { Device, GroupAccess, GroupDecision, Refusal } from '@iommu/core';
import { isPciDevice, pciDeviceGroup } from '@iommu/pci';
import type { SmmuModel } from './model.js';
import { alone } from './model.js';
import type { SmmuFound } from './unit.js';

const HISILICON = 0x19e5;
const PTT = 0xa12e;

/** SMMUv3: a stream id belongs to one device, and sharing it with another is not supported. */
export class SmmuV3 implements SmmuModel {
  readonly #owners = new Map<number, Device>();

  /**
   * Take the device's stream ids. One that another device has leaves this device without an IOMMU: two functions behind
   * one PCIe-to-PCI bridge, of which the first probed is served.
   *
   * @see Linux v7.0 drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_insert_master()
   */
  claim(device: Device, { ids, unit }: SmmuFound): Refusal | undefined {
    for (const id of ids) {
      const owner = this.#owners.get(id);
      if (!owner || owner === device) continue;
      return {
        errno: 'ENODEV',
        reason: {
          rule: 'stream-id-taken',
          text: `Stream id 0x${id.toString(16)} of ${device.name} at ${unit.name} is taken by ${owner.name}; an SMMUv3 serves only one device by an id.`,
          source: 'arm_smmu_insert_master()',
          devices: [owner],
        },
      };
    }
    for (const id of ids) this.#owners.set(id, device);
    return undefined;
  }

  release(device: Device, { ids }: SmmuFound): void {
    for (const id of ids) if (this.#owners.get(id) === device) this.#owners.delete(id);
  }

  /** @see Linux v7.0 drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c arm_smmu_device_group() */
  group(device: Device, groups: GroupAccess): GroupDecision {
    return isPciDevice(device) ? pciDeviceGroup(device, groups) : alone(device, groups);
  }

  /** HiSilicon's tracer of PCIe traffic writes to physical addresses. @see arm_smmu_def_domain_type() */
  defaultDomainType(device: Device): 'identity' | undefined {
    if (!isPciDevice(device)) return undefined;
    const { vendor, device: id } = device.facts;
    return vendor === HISILICON && id === PTT ? 'identity' : undefined;
  }
}
