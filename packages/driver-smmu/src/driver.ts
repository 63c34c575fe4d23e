import type {
  BoundDriver,
  Device,
  GroupAccess,
  GroupDecision,
  IommuDriver,
  Platform,
  Reason,
  Refusal,
  ReservedRegion,
  UnitNone,
} from '@iommu/core';
import { assumeIort } from './assume.js';
import { smmuFirmware } from './firmware.js';
import { relocateIort } from './iort/relocate.js';
import type { SmmuModel } from './model.js';
import { MSI_WINDOW } from './reserved.js';
import { SmmuV2 } from './smmuv2.js';
import { SmmuV3 } from './smmuv3.js';
import { streamMapShape } from './stream-map.js';
import { none, type SmmuFirmware, type SmmuFound, type SmmuUnit } from './unit.js';

/**
 * Arm SMMUs of versions 1 to 3.
 *
 * @returns A driver that binds to machines whose IORT or device tree has an SMMU.
 */
export const smmu = (): IommuDriver => ({
  specVersion: 1,
  name: 'smmu',
  bind(platform) {
    const firmware = smmuFirmware(platform);
    if (!firmware) return undefined;
    return 'rule' in firmware ? off(firmware) : new BoundSmmu(platform, firmware);
  },
  assume: assumeIort,
  relocate: relocateIort,
});

/** Present, but not in use: no device has an IOMMU, and this is why. */
const off = (reason: Reason): BoundDriver => ({
  units: [],
  unitOf: () => ({ none: reason }),
  deviceGroup: () => ({ errno: 'ENODEV', reason }),
  reservedRegions: () => [],
});

const hasNoStreamTable = ({ version, registers }: SmmuUnit): boolean => {
  const { matching, entries } = streamMapShape(registers);
  return version === 'v2' && matching && entries === 0;
};

class BoundSmmu implements BoundDriver {
  readonly units: readonly SmmuUnit[];
  readonly busFeatures: readonly string[];
  readonly groupsAt: 'unit-registration' | 'driver-probe';
  readonly retriesAtDriverProbe = true;
  readonly #firmware: SmmuFirmware;
  readonly #models = new Map<SmmuUnit, SmmuModel>();
  /** What each device was found by when it claimed its ids. */
  readonly #claims = new Map<Device, SmmuFound>();

  constructor(platform: Platform, firmware: SmmuFirmware) {
    this.#firmware = firmware;
    this.units = firmware.units.filter((unit) => !hasNoStreamTable(unit));
    this.busFeatures = firmware.busFeatures;
    this.groupsAt =
      platform.kernel.rule('groups-by-firmware') === 'driver-probe' ? 'driver-probe' : 'unit-registration';
    for (const unit of this.units) {
      const isIdentityClient = (device: Device) => firmware.isIdentityClient(device, unit);
      this.#models.set(unit, unit.version === 'v3' ? new SmmuV3() : new SmmuV2(unit, isIdentityClient));
      if (unit.version === 'v2' && unit.registers?.registers['idr0'] === undefined) {
        platform.report({
          severity: 'assumed',
          code: 'smmu-registers-unknown',
          message: `the registers of ${unit.name} are not in the input; a stream table of 128 entries is supposed`,
        });
      }
    }
  }

  unitOf(device: Device): SmmuFound | UnitNone | undefined {
    const found = this.#firmware.unitOf(device);
    if (!found || 'none' in found || this.#models.has(found.unit)) return found;
    return none(
      'no-stream-table',
      `${found.unit.name} says that it matches streams and has no entry to do so: Linux leaves it alone.`,
      'arm_smmu_device_cfg_probe()',
      [device],
    );
  }

  probeDevice(device: Device, found: SmmuFound): Refusal | undefined {
    const refusal = this.#models.get(found.unit)?.claim(device, found);
    if (!refusal) this.#claims.set(device, found);
    return refusal;
  }

  deviceGroup(device: Device, groups: GroupAccess): GroupDecision | Refusal {
    const model = this.#modelOf(device);
    if (model) return model.group(device, groups);
    const reason = {
      rule: 'not-probed',
      text: `${device.name} has claimed no stream id.`,
      source: 'arm_smmu_probe_device()',
      devices: [device],
    };
    return { errno: 'ENODEV', reason };
  }

  #modelOf(device: Device): SmmuModel | undefined {
    const claim = this.#claims.get(device);
    return claim && this.#models.get(claim.unit);
  }

  /** @see Linux v7.0 drivers/iommu/arm/ arm_smmu_get_resv_regions() */
  reservedRegions(device: Device): readonly ReservedRegion[] {
    const found = this.#claims.get(device);
    return found ? [MSI_WINDOW, ...this.#firmware.regionsOf(device, found)] : [MSI_WINDOW];
  }

  defaultDomainType(device: Device): 'identity' | undefined {
    return this.#modelOf(device)?.defaultDomainType(device);
  }

  releaseDevice(device: Device): void {
    const found = this.#claims.get(device);
    this.#claims.delete(device);
    if (found) this.#models.get(found.unit)?.release(device, found);
  }
}
