import type { Diagnostic } from '@iommu/core';
import type { TableReader } from '@iommu/firmware';

/** What a device scope names. I/O APIC and HPET sit on no bus that is looked at. */
export type DeviceScopeType = 'endpoint' | 'bridge' | 'io-apic' | 'hpet' | 'acpi-namespace' | 'unknown';

/** One step down: a device and a function number. */
export interface PathStep {
  /** 8 bits as read; above 31 it leads nowhere. */
  readonly device: number;
  /** 8 bits as read; above 7 it leads nowhere. */
  readonly function: number;
}

/** A device that a structure of the DMAR speaks of. @see Intel VT-d specification, Device Scope Structure */
export interface DeviceScope {
  /** In bytes from the table's start. */
  readonly offset: number;
  /** `bridge` and all that is behind it; `unknown`: a value that the specification reserves, told as `dmar-scope-type`. */
  readonly type: DeviceScopeType;
  /**
   * 8 bits: the APIC id of an I/O APIC, the number of an HPET, `Andd.deviceNumber`; of PCI functions reserved.
   *
   * @see Intel VT-d specification, 8.3.1
   */
  readonly enumerationId: number;
  /** The bus on which the path starts, 0 to 255. */
  readonly startBus: number;
  /** From that bus down; at least one step where the entry is well formed. */
  readonly path: readonly PathStep[];
}

const TYPES: readonly DeviceScopeType[] = ['unknown', 'endpoint', 'bridge', 'io-apic', 'hpet', 'acpi-namespace'];
const HEADER = 6;

/**
 * The device scopes of a structure, in table order.
 *
 * @param part - The whole structure; `start` is where its scopes begin.
 * @throws IommuError `ERR_TABLE_FIELD` for an entry below its header's length or past the structure's end.
 */
export const parseDeviceScopes = (
  part: TableReader,
  start: number,
  report: (diagnostic: Diagnostic) => void,
): readonly DeviceScope[] => {
  const scopes: DeviceScope[] = [];
  for (let at = start; at < part.length; ) {
    if (at + 2 > part.length) throw part.error(at, "device scope header passes its structure's end");
    const length = part.u8(at + 1);
    if (length < HEADER) throw part.error(at + 1, `device scope of ${length} bytes, expected at least ${HEADER}`);
    if (at + length > part.length)
      throw part.error(at + 1, `device scope of ${length} bytes passes its structure's end`);
    const value = part.u8(at);
    const type = TYPES[value] ?? 'unknown';
    const offset = part.base + at;
    if (type === 'unknown') {
      report({
        severity: 'firmware-bug',
        code: 'dmar-scope-type',
        message: `${part.at(at)}: unsupported device scope type ${value}`,
        at: { table: 'DMAR', offset },
      });
    }
    const path: PathStep[] = [];
    for (let step = at + HEADER; step + 2 <= at + length; step += 2) {
      path.push({ device: part.u8(step), function: part.u8(step + 1) });
    }
    scopes.push({ offset, type, enumerationId: part.u8(at + 4), startBus: part.u8(at + 5), path });
    at += length;
  }
  return scopes;
};

/** `00:1c.0/00.0`: start bus and steps, for messages. */
export const formatScope = ({ startBus, path }: DeviceScope): string => {
  const hex = (value: number) => value.toString(16).padStart(2, '0');
  return `${hex(startBus)}:${path.map((step) => `${hex(step.device)}.${step.function}`).join('/')}`;
};
