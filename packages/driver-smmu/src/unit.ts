import type { Device, IommuUnit, Reason, ReservedRegion, UnitFound, UnitNone, UnitRegisters } from '@iommu/core';

/** One SMMU, as firmware describes it. */
export interface SmmuUnit extends IommuUnit {
  readonly version: 'v2' | 'v3';
  /** Of its registers, host physical, in bytes. */
  readonly base: bigint;
  /** What is known of its registers. */
  readonly registers: UnitRegisters | undefined;
  /** Described by the binding of 2013, in which the unit names its masters. */
  readonly legacy: boolean;
}

/** Which SMMU translates a device, and the ids that the device presents to it. */
export interface SmmuFound extends UnitFound {
  readonly unit: SmmuUnit;
  /** Stream ids; to SMMUv2 with the mask of ignored bits in bits 31:16. A device may present one of them twice. */
  readonly ids: readonly number[];
}

/** One kind of firmware, read: which SMMUs there are and who is behind them. */
export interface SmmuFirmware {
  /** In the order in which they register. */
  readonly units: readonly SmmuUnit[];
  /** What the kernel's reader of this firmware asks of buses. */
  readonly busFeatures: readonly string[];
  /** `undefined`: the firmware does not speak of the device. */
  unitOf(device: Device): SmmuFound | UnitNone | undefined;
  /** Whether the SoC's vendor never translates the device at this unit. */
  isIdentityClient(device: Device, unit: SmmuUnit): boolean;
  /** Memory that the firmware reserves for the device. */
  regionsOf(device: Device, found: SmmuFound): readonly ReservedRegion[];
}

/** `smmu3.0x0000000009050000` @see Linux v7.0 drivers/iommu/arm/ arm_smmu_device_probe() */
export const unitName = (version: SmmuUnit['version'], base: bigint): string =>
  `${version === 'v3' ? 'smmu3' : 'smmu'}.0x${base.toString(16).padStart(16, '0')}`;

export const none = (rule: string, text: string, source: string, devices: readonly Device[]): UnitNone => ({
  none: { rule, text, source, devices } satisfies Reason,
});

/**
 * The streams of a device whose ids were translated one by one: all must arrive at one unit.
 *
 * @see Linux v7.0 drivers/iommu/iommu.c iommu_fwspec_init()
 */
export const together = (
  device: Device,
  streams: readonly { readonly unit: SmmuUnit; readonly id: number }[],
): SmmuFound | UnitNone => {
  const [first] = streams;
  if (!first)
    return none('no-stream-id', `Firmware gives ${device.name} no stream id.`, 'iommu_fwspec_init()', [device]);
  const { unit } = first;
  if (streams.every((stream) => stream.unit === unit)) return { unit, ids: streams.map(({ id }) => id) };
  return none(
    'several-smmus',
    `The requester ids that ${device.name} uses arrive at several SMMUs, which Linux does not support.`,
    'iommu_fwspec_init()',
    [device],
  );
};
