import {
  type BoundDriver,
  type Device,
  type GroupAccess,
  type GroupDecision,
  type IommuDriver,
  isIommuError,
  type Platform,
  type Reason,
  type UnitFound,
  type UnitNone,
  type UnitUse,
} from '@iommu/core';
import { forEachDmaAlias, isPciDevice, type PciDevice, pciDeviceGroup, realDmaDevice } from '@iommu/pci';
import { assumeDmar } from './assume.js';
import { type Dmar, parseDmar } from './dmar.js';
import { type VtdParameters, vtdParameters } from './parameters.js';
import { relocateDmar } from './relocate.js';
import { ReservedMemory } from './reserved.js';
import { isAtOrBelow } from './scope-match.js';
import { markIgnored, scopeConflict, scopeDevices, topologyOf, unitsInListOrder, type VtdUnit } from './units.js';
import { cachingMode, passThrough, prefersFirstLevel, registerAttributes } from './vtd-registers.js';

/**
 * Intel VT-d.
 *
 * @returns A driver that binds to machines with a DMAR table.
 */
export const intelVtd = (): IommuDriver => ({
  specVersion: 1,
  name: 'intel-vtd',
  bind(platform) {
    const table = platform.acpiTable('DMAR');
    if (!table) return undefined;
    const dmar = readTable(table, platform);
    if ('rule' in dmar) return off(dmar);
    const parameters = vtdParameters(platform.kernel);
    const forced = !parameters.enabled && optInForces(dmar, parameters, platform);
    if (!parameters.enabled && !forced) return off(disabled(parameters));
    const conflict = scopeConflict(topologyOf(platform.devices), dmar);
    if (conflict) return { ...off(conflict), busFeatures: ['pci-acs'] };
    return new BoundVtd(platform, dmar, parameters, forced);
  },
  assume: assumeDmar,
  relocate: relocateDmar,
});

/** What the kernel refuses of a table leaves the machine without VT-d; what the input lacks of it is an error. */
const readTable = (table: Uint8Array, platform: Platform): Dmar | Reason => {
  const none = (text: string): Reason => ({ rule: 'dmar-invalid', text, source: 'parse_dmar_table()', devices: [] });
  try {
    const dmar = parseDmar(table, platform.report);
    if (!dmar.checksumOk) {
      platform.report({
        severity: 'firmware-bug',
        code: 'dmar-checksum',
        message: 'the checksum of the DMAR is wrong',
      });
    }
    if (dmar.drhds.some(({ registerBase }) => registerBase === 0n))
      return none('A unit of the DMAR has no register address.');
    return dmar.drhds.length === 0 ? none('The DMAR names no unit.') : dmar;
  } catch (error) {
    if (!isIommuError(error, 'ERR_TABLE_FIELD')) throw error;
    platform.report({ severity: 'firmware-bug', code: 'dmar-invalid', message: error.message });
    return none(`Linux refuses the DMAR: ${error.message}.`);
  }
};

const disabled = ({ cause }: VtdParameters): Reason => ({
  rule: 'vtd-disabled',
  text: `VT-d is switched off: ${cause}.`,
  source: 'intel_iommu_init()',
  devices: [],
});

/** Firmware may demand that DMA from outside be controlled. @see Linux v6.1 drivers/iommu/intel/iommu.c platform_optin_force_iommu() */
const optInForces = (dmar: Dmar, { optInIgnored }: VtdParameters, { devices }: Platform): boolean =>
  dmar.platformOptIn && !optInIgnored && devices.some(({ untrusted }) => untrusted);

/** Present, but not in use: no device has an IOMMU, and this is why. */
const off = (reason: Reason): BoundDriver => ({
  units: [],
  unitOf: () => ({ none: reason }),
  deviceGroup: () => ({ errno: 'ENODEV', reason }),
  reservedRegions: () => [],
});

/** The ids are worked out when they are asked for. */
class FoundForFunction implements UnitFound {
  readonly unit: VtdUnit;
  readonly #device: PciDevice;

  constructor(unit: VtdUnit, device: PciDevice) {
    this.unit = unit;
    this.#device = device;
  }

  get ids(): readonly number[] {
    const ids: number[] = [];
    forEachDmaAlias(this.#device, (_, rid) => void (ids.includes(rid) || ids.push(rid)));
    return ids;
  }
}

class BoundVtd implements BoundDriver {
  readonly units: readonly VtdUnit[];
  readonly busFeatures = ['pci-acs'];
  readonly forcesStrict: boolean;
  readonly systemDomain?: 'identity';
  readonly #all: readonly VtdUnit[];
  readonly #bySegment = new Map<number, VtdUnit[]>();
  readonly #platform: Platform;
  readonly #memory: ReservedMemory;
  readonly #someForceDma: boolean;
  #epoch = -1;
  #scopes: ReadonlyMap<VtdUnit, readonly PciDevice[]> = new Map();

  constructor(platform: Platform, dmar: Dmar, parameters: VtdParameters, forced: boolean) {
    const { kernel } = platform;
    this.#platform = platform;
    this.#all = unitsInListOrder(dmar, platform.units);
    for (const unit of this.#all) {
      const { segment } = unit.drhd;
      const units = this.#bySegment.get(segment);
      if (units) units.push(unit);
      else this.#bySegment.set(segment, [unit]);
    }
    const { strict } = markIgnored(this.#all, platform, parameters);
    this.units = this.#all.filter(({ ignored }) => !ignored);
    this.#memory = new ReservedMemory(
      dmar,
      kernel.rule('relaxable-regions') === 'direct' ? 'direct' : 'direct-relaxable',
    );
    const shadowed = this.units.some(
      ({ registers }) => cachingMode(registers) && !(parameters.scalableMode && prefersFirstLevel(registers)),
    );
    this.forcesStrict = strict || parameters.strict || shadowed;
    this.#someForceDma =
      kernel.rule('vtd-without-pass-through') === 'DMA' && this.units.some(({ registers }) => !passThrough(registers));
    // Only devices from outside are translated then, where VT-d was not wanted otherwise.
    if (forced && parameters.offByDefault) this.systemDomain = 'identity';
    for (const { name, registers } of this.units) {
      if (registers?.registers['cap'] === undefined) {
        platform.report({
          severity: 'assumed',
          code: 'vtd-registers-unknown',
          message: `the capability registers of ${name} are not in the input; those of a unit outside a virtual machine are supposed`,
        });
      }
    }
  }

  unitOf(device: Device): UnitFound | UnitNone | undefined {
    return isPciDevice(device) ? this.#unitOfFunction(device) : this.#unitOfNode(device);
  }

  /** @see Linux v7.0 drivers/iommu/intel/iommu.c device_lookup_iommu() */
  #unitOfFunction(of: PciDevice): UnitFound | UnitNone {
    const real = realDmaDevice(of);
    const device = real.physicalFunction ?? real;
    for (const unit of this.#bySegment.get(device.segment) ?? []) {
      const scoped = this.#scopesOf(unit, device).some((scope) => isAtOrBelow(device, scope));
      if (!scoped && !unit.drhd.includePciAll) continue;
      if (unit.ignored) return { none: unit.ignored };
      return new FoundForFunction(unit, of);
    }
    return {
      none: {
        rule: 'not-in-dmar',
        text: `No unit of the DMAR names ${of.name} or a bridge above it, and none takes all devices of segment ${device.segment}.`,
        source: 'device_lookup_iommu()',
        devices: [of],
      },
    };
  }

  #unitOfNode({ firmwareNode = '' }: Device): UnitFound | UnitNone | undefined {
    for (const unit of this.#all) {
      const scope = unit.namespaceDevices.get(firmwareNode);
      if (!scope) continue;
      if (unit.ignored) return { none: unit.ignored };
      const [step] = scope.path;
      return { unit, ids: step ? [(scope.startBus << 8) | (step.device << 3) | step.function] : [] };
    }
    return undefined;
  }

  #scopesOf(unit: VtdUnit, { topology }: PciDevice): readonly PciDevice[] {
    if (this.#epoch !== topology.epoch) {
      this.#epoch = topology.epoch;
      this.#scopes = scopeDevices(topology, this.#all);
    }
    return this.#scopes.get(unit) ?? [];
  }

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

  reservedRegions(device: Device) {
    return this.#memory.regionsOf(device);
  }

  /** @see Linux v7.0 drivers/iommu/intel/iommu.c device_def_domain_type() */
  defaultDomainType(device: Device): 'DMA' | undefined {
    if (!this.#someForceDma) return undefined;
    const found = this.unitOf(device);
    const unit = found && 'unit' in found ? (found.unit as VtdUnit) : undefined;
    return unit && !passThrough(unit.registers) ? 'DMA' : undefined;
  }

  unitAttributes(unit: VtdUnit, use: UnitUse): Readonly<Record<string, string>> {
    const files = registerAttributes(unit.registers, unit.drhd.registerBase);
    files['domains_used'] = String(use.translated + this.#idsSetAside(use));
    return Object.fromEntries(Object.entries(files).map(([name, value]) => [`intel-iommu/${name}`, value]));
  }

  /** Older releases keep ids in a bitmap, in which two are never handed out; the oldest give one to identity. */
  #idsSetAside({ identity }: UnitUse): number {
    switch (this.#platform.kernel.rule('vtd-domains-used')) {
      case 'bitmap-and-identity':
        return identity > 0 ? 3 : 2;
      case 'bitmap':
        return 2;
      default:
        return 0;
    }
  }
}
