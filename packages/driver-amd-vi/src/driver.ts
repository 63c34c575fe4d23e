import {
  type BoundDriver,
  type Device,
  type Diagnostic,
  type GroupAccess,
  type GroupDecision,
  type IommuDriver,
  isIommuError,
  type Kernel,
  type Platform,
  type Reason,
  type Refusal,
  type ReservedRegion,
  type UnitFound,
  type UnitNone,
} from '@iommu/core';
import { forEachDmaAlias, formatPciAddress, isPciDevice, type PciDevice, pciDeviceGroup } from '@iommu/pci';
import { AcpiHidGroups, type AcpiHidMatch, matchAcpiHid } from './acpi-hid.js';
import { assumeIvrs } from './assume.js';
import { unitFiles } from './attributes.js';
import { DeviceTable, type TableRules } from './device-table.js';
import { type Ivrs, parseIvrs } from './ivrs.js';
import { off, whyOff, whyUnusable } from './off.js';
import { type AmdParameters, amdParameters } from './parameters.js';
import { namesProcesses, servesProcesses } from './pasid.js';
import { relocateIvrs } from './relocate.js';
import { ReservedMemory } from './reserved.js';
import { type AmdUnit, cachesNotPresent, commonFeatures, unitsOf } from './units.js';

/**
 * AMD-Vi.
 *
 * @returns A driver that binds to machines with an IVRS table.
 */
export const amdVi = (): IommuDriver => ({
  specVersion: 1,
  name: 'amd-vi',
  bind(platform) {
    const table = platform.acpiTable('IVRS');
    if (!table) return undefined;
    const parameters = amdParameters(platform.kernel);
    const reason = whyOff(platform, parameters);
    if (reason) return reason;
    const ivrs = readTable(table, platform);
    if ('rule' in ivrs) return off(ivrs, ['pci-acs']);
    const rules = rulesOf(platform.kernel);
    const units = unitsOf(ivrs, platform, rules.tellsSegments);
    const unusable = whyUnusable(units);
    if (unusable) return off(unusable, ['pci-acs']);
    return new BoundAmdVi(platform, ivrs, units, parameters, rules);
  },
  assume: assumeIvrs,
  relocate: relocateIvrs,
});

/** What the kernel refuses of a table leaves the machine without AMD-Vi; what the input lacks of it is an error. */
const readTable = (table: Uint8Array, { report }: Platform): Ivrs | Reason => {
  const refused = (code: string, message: string): Reason => {
    const diagnostic: Diagnostic = { severity: 'firmware-bug', code, message };
    report(diagnostic);
    return { rule: code, text: `Linux refuses the IVRS: ${message}.`, source: 'early_amd_iommu_init()', devices: [] };
  };
  try {
    const ivrs = parseIvrs(table, report);
    return ivrs.checksumOk ? ivrs : refused('ivrs-checksum', 'its checksum is wrong');
  } catch (error) {
    if (!isIommuError(error, 'ERR_TABLE_FIELD')) throw error;
    return refused('ivrs-invalid', error.message);
  }
};

const rulesOf = (kernel: Kernel): TableRules => ({
  tellsSegments: kernel.rule('amd-segments') !== 'one-table',
  rangesOwnAlias: kernel.rule('amd-ranges') === 'own-alias',
});

/** The ids are worked out when they are asked for. */
class FoundForFunction implements UnitFound {
  readonly unit: AmdUnit;
  readonly #device: PciDevice;
  readonly #table: DeviceTable;

  constructor(unit: AmdUnit, device: PciDevice, table: DeviceTable) {
    this.unit = unit;
    this.#device = device;
    this.#table = table;
  }

  get ids(): readonly number[] {
    const { segment, rid } = this.#device;
    const ids = new Set<number>();
    forEachDmaAlias(this.#device, (_, id) => void ids.add(id));
    ids.add(this.#table.aliasOf(segment, rid) ?? rid);
    return [...ids];
  }
}

class BoundAmdVi implements BoundDriver {
  readonly units: readonly AmdUnit[];
  readonly busFeatures = ['pci-acs'];
  readonly forcesStrict: boolean;
  readonly #platform: Platform;
  readonly #table: DeviceTable;
  readonly #memory: ReservedMemory;
  readonly #hids = new AcpiHidGroups();
  /** Functions whose alias is known to PCI by now: it becomes so when they are probed. */
  readonly #aliased = new WeakSet<PciDevice>();
  readonly #mayBeIdentity: boolean;

  constructor(platform: Platform, ivrs: Ivrs, units: readonly AmdUnit[], parameters: AmdParameters, rules: TableRules) {
    const { kernel } = platform;
    this.#platform = platform;
    this.units = units;
    this.#table = new DeviceTable(units, rules);
    const ignoresHypertransport =
      kernel.rule('amd-hypertransport') !== 'reserved' &&
      ((commonFeatures(units, 'efr2') ?? 0n) & EFR2_HT_RANGE_IGNORE) !== 0n;
    this.#memory = new ReservedMemory(ivrs, this.#table, ignoresHypertransport);
    this.forcesStrict = parameters.strict || units.some(cachesNotPresent);
    this.#mayBeIdentity =
      !parameters.forceIsolation && !parameters.memoryEncrypted && servesProcesses(commonFeatures(units, 'efr'));
    for (const { name, capability } of units) {
      if (capability !== undefined) continue;
      platform.report({
        severity: 'assumed',
        code: 'amdvi-registers-unknown',
        message: `the capability of ${name} is not in the input; that of a unit outside a virtual machine is supposed`,
      });
    }
  }

  unitOf(device: Device): UnitFound | UnitNone | undefined {
    return isPciDevice(device) ? this.#unitOfFunction(device) : this.#unitOfNode(device);
  }

  /** @see Linux v7.0 drivers/iommu/amd/iommu.c check_device(), rlookup_amd_iommu() */
  #unitOfFunction(device: PciDevice): UnitFound | UnitNone {
    const { segment, rid, name } = device;
    const unit = this.#table.unitOf(segment, rid);
    if (unit) return new FoundForFunction(unit, device, this.#table);
    const own = this.units.find((one) => one.device === device);
    if (own) return none('ivrs-own-function', `${name} is ${own.name} itself, which it does not translate.`, device);
    const last = this.#table.lastOf(segment);
    const end = `the last id that it names in segment ${segment} is ${formatPciAddress({ segment, rid: last })}`;
    const why = rid > last && last >= 0 ? `${name} lies beyond the IVRS: ${end}.` : `The IVRS does not name ${name}.`;
    return none('not-in-ivrs', why, device);
  }

  #unitOfNode(device: Device): UnitFound | UnitNone | undefined {
    const match = this.#match(device);
    if (match === undefined) return undefined;
    if (match === 'ambiguous') {
      const why = `Several entries of the IVRS name ${device.hardwareId}, none of them with the unique id of ${device.name}.`;
      return none('acpi-hid-ambiguous', why, device);
    }
    const { segment, entry } = match;
    const unit = this.#table.unitOf(segment, entry.deviceId);
    if (unit) return { unit, ids: [entry.deviceId] };
    return none('not-in-ivrs', `No unit of the IVRS translates the requester id of ${device.name}.`, device);
  }

  #match(device: Device): AcpiHidMatch {
    const byHidAlone = this.#platform.kernel.rule('amd-acpi-hid') !== 'hid-and-uid';
    return matchAcpiHid(this.#table.acpiHidDevices, device, byHidAlone);
  }

  deviceGroup(device: Device, groups: GroupAccess): GroupDecision | Refusal {
    if (isPciDevice(device)) return this.#functionGroup(device, groups);
    const match = this.#match(device);
    if (match !== undefined && match !== 'ambiguous') return this.#hids.groupOf(device, match, groups);
    const { none: reason } = none('not-in-ivrs', `The IVRS does not name ${device.name}.`, device);
    return { errno: 'ENODEV', reason };
  }

  /** An alias counts only between functions of one bus. @see Linux v7.0 drivers/iommu/amd/iommu.c setup_aliases() */
  #functionGroup(device: PciDevice, groups: GroupAccess): GroupDecision {
    if (!this.#table.hasAliasOn(device.segment, device.rid >> 8)) return pciDeviceGroup(device, groups);
    this.#aliased.add(device);
    return pciDeviceGroup(device, groups, { aliasesOf: (one) => this.#aliasesOf(one) });
  }

  #aliasesOf(device: PciDevice): readonly number[] {
    const alias = this.#aliased.has(device) ? this.#table.aliasOf(device.segment, device.rid) : undefined;
    if (alias === undefined || alias === device.rid || alias >> 8 !== device.rid >> 8) return NO_ALIASES;
    return [alias & 0xff];
  }

  reservedRegions(device: Device): readonly ReservedRegion[] {
    if (isPciDevice(device)) return this.#memory.regionsOf(device.segment, device.rid);
    const match = this.#match(device);
    if (match === undefined || match === 'ambiguous') return [];
    return this.#memory.regionsOf(match.segment, match.entry.deviceId);
  }

  /** @see Linux v7.0 drivers/iommu/amd/iommu.c amd_iommu_def_domain_type(), iommu_init_device() */
  defaultDomainType(device: Device): 'identity' | 'DMA' | undefined {
    if (!isPciDevice(device)) return undefined;
    if (device.untrusted) return 'DMA';
    return this.#mayBeIdentity && namesProcesses(device, this.#platform.kernel) ? 'identity' : undefined;
  }

  releaseDevice(device: Device): void {
    this.#hids.release(device);
  }

  unitAttributes(unit: AmdUnit): Readonly<Record<string, string>> {
    return unitFiles(unit, this.units, this.#platform.kernel);
  }
}

/** Extended feature register 2: addresses of HyperTransport are translated like the rest. */
const EFR2_HT_RANGE_IGNORE = 1n << 11n;

const NO_ALIASES: readonly number[] = [];

const none = (rule: string, text: string, device: Device): UnitNone => ({
  none: { rule, text, source: 'check_device()', devices: [device] },
});
