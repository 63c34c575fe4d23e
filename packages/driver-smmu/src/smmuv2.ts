import type { Device, Errno, GroupAccess, GroupDecision, Refusal } from '@iommu/core';
import { isPciDevice, pciDeviceGroup } from '@iommu/pci';
import { alone, type SmmuModel } from './model.js';
import { StreamMap, streamMapShape } from './stream-map.js';
import type { SmmuFound, SmmuUnit } from './unit.js';

/** SMMUv1 and SMMUv2: devices whose ids one entry of the stream table matches share a group. */
export class SmmuV2 implements SmmuModel {
  readonly #unit: SmmuUnit;
  readonly #streams: StreamMap;
  readonly #entries = new Map<Device, readonly number[]>();
  readonly #isIdentityClient: (device: Device) => boolean;

  /** @param isIdentityClient - Whether firmware names the device as one that the SoC's vendor never translates. */
  constructor(unit: SmmuUnit, isIdentityClient: (device: Device) => boolean) {
    this.#unit = unit;
    this.#streams = new StreamMap(streamMapShape(unit.registers));
    this.#isIdentityClient = isIdentityClient;
  }

  /** @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_probe_device() */
  claim(device: Device, { ids }: SmmuFound): Refusal | undefined {
    const claimed = this.#streams.claim(ids);
    if (typeof claimed === 'string') return this.#refusal(device, claimed);
    this.#entries.set(device, claimed);
    return undefined;
  }

  #refusal(device: Device, errno: Errno): Refusal {
    const why =
      errno === 'ENOSPC'
        ? `all entries of the stream table of ${this.#unit.name} are taken`
        : `a stream id of it is out of range, or only partly overlaps an entry of the stream table of ${this.#unit.name}`;
    return {
      errno,
      reason: {
        rule: errno === 'ENOSPC' ? 'stream-table-full' : 'stream-conflict',
        text: `The kernel refuses ${device.name}: ${why}.`,
        source: 'arm_smmu_find_sme()',
        devices: [device],
      },
    };
  }

  release(device: Device): void {
    this.#streams.release(this.#entries.get(device) ?? []);
    this.#entries.delete(device);
  }

  /** @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_device_group() */
  group(device: Device, groups: GroupAccess): GroupDecision | Refusal {
    const entries = this.#entries.get(device) ?? [];
    const shared = this.#streams.groupOf(entries);
    if (shared === 'EINVAL') {
      return {
        errno: 'EINVAL',
        reason: {
          rule: 'streams-of-several-groups',
          text: `The stream ids of ${device.name} are shared with devices of different groups.`,
          source: 'arm_smmu_device_group()',
          devices: [device],
        },
      };
    }
    if (shared) {
      return {
        group: groups.ref(shared),
        reasons: [
          {
            rule: 'shared-stream',
            text: `${device.name} shares an entry of the stream table of ${this.#unit.name} with ${shared.devices.map(({ name }) => name).join(', ')}.`,
            source: 'arm_smmu_device_group()',
            devices: shared.devices,
          },
        ],
      };
    }
    const decision = isPciDevice(device) ? pciDeviceGroup(device, groups) : alone(device, groups);
    this.#streams.setGroup(entries, decision.group);
    return decision;
  }

  /** @see Linux v7.0 drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_def_domain_type() */
  defaultDomainType(device: Device): 'identity' | undefined {
    return this.#unit.legacy || this.#isIdentityClient(device) ? 'identity' : undefined;
  }
}
