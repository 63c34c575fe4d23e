import { type Device, type IommuDriver, IommuError, isIommuError, type Platform, type Relocation } from '@iommu/core';
import { openAcpiTable, sealAcpiTable, type TableReader } from '@iommu/firmware';
import { bridgeAbove, functionOf, isPciDevice, type PciDevice, slotOf } from '@iommu/pci';
import type { DeviceScope } from './device-scope.js';
import { type Dmar, FIXED_LENGTH, parseDmar, STRUCTURES_START } from './dmar.js';
import { isAtOrBelow, matchScope } from './scope-match.js';
import { topologyOf } from './units.js';

/** A structure of the table that names devices. */
interface Structure {
  readonly offset: number;
  readonly segment: number;
  readonly scopes: readonly DeviceScope[];
  /** It says which unit translates what: that goes by the place of a device, all else by the device. */
  readonly isUnit: boolean;
}

const structuresOf = ({ drhds, rmrrs, atsrs, satcs }: Dmar): ReadonlyMap<number, Structure> =>
  new Map(
    [
      ...drhds.map((one) => ({ ...one, isUnit: true })),
      ...[...rmrrs, ...atsrs, ...satcs].map((one) => ({ ...one, isUnit: false })),
    ].map((one) => [one.offset, one]),
  );

/** The way down to a function from its root bus. */
const wayTo = (device: PciDevice): readonly PciDevice[] => {
  const steps = [device];
  for (let bridge = bridgeAbove(device); bridge; bridge = bridgeAbove(bridge)) steps.unshift(bridge);
  return steps;
};

const SCOPE_HEADER = 6;

/** A scope entry that leads to where its device is now; in the odd form that gives a bus number, if it had that. */
const withPath = (entry: Uint8Array, { startBus }: DeviceScope, before: PciDevice, after: PciDevice): number[] => {
  const isByNumber = startBus !== wayTo(before)[0]?.pciBus.number;
  const steps = isByNumber ? [after] : wayTo(after);
  const head = [...entry.subarray(0, SCOPE_HEADER)];
  head[1] = SCOPE_HEADER + 2 * steps.length;
  head[5] = steps[0]?.pciBus.number ?? 0;
  return [...head, ...steps.flatMap(({ rid }) => [slotOf(rid), functionOf(rid)])];
};

/** Writes a DMAR anew for devices that are elsewhere now. */
class Relocator {
  readonly #dmar: Dmar;
  readonly #before: PciDevice['topology'] | undefined;
  readonly #relocation: Relocation;

  constructor(dmar: Dmar, before: PciDevice['topology'] | undefined, relocation: Relocation) {
    this.#dmar = dmar;
    this.#before = before;
    this.#relocation = relocation;
  }

  #named(segment: number, scope: DeviceScope): PciDevice | undefined {
    return this.#before && matchScope(this.#before, segment, scope);
  }

  #now(device: PciDevice): PciDevice | undefined {
    const after = this.#relocation.devices.get(device);
    return after && isPciDevice(after) && !this.#relocation.bypassed.has(after) ? after : undefined;
  }

  /** A card that was pulled out of one port and put behind another. */
  #isReplugged(before: PciDevice, after: PciDevice): boolean {
    const [old, fresh] = [bridgeAbove(before), bridgeAbove(after)];
    return fresh !== (old && this.#relocation.devices.get(old));
  }

  /** Whether some unit speaks for a place whatever is in it. */
  covers(device: PciDevice): boolean {
    const { drhds } = this.#dmar;
    if (drhds.some(({ includePciAll, segment }) => includePciAll && segment === device.segment)) return true;
    return drhds.some(({ segment, scopes }) =>
      scopes.some((scope) => {
        const named = this.#named(segment, scope);
        const now = named && this.#now(named);
        return now !== undefined && now !== device && isAtOrBelow(device, now);
      }),
    );
  }

  /** What becomes of an entry: other bytes, none, or (`undefined`) the same. */
  scope(entry: Uint8Array, { segment, isUnit }: Structure, scope: DeviceScope): readonly number[] | undefined {
    const before = this.#named(segment, scope);
    if (!before) return undefined;
    const after = this.#now(before);
    if (!after) return [];
    if (isUnit && this.#isReplugged(before, after) && this.covers(after)) return [];
    const bytes = withPath(entry, scope, before, after);
    return bytes.length === entry.length && bytes.every((byte, at) => byte === entry[at]) ? undefined : bytes;
  }
}

const rewrite = (
  reader: TableReader,
  structures: ReadonlyMap<number, Structure>,
  relocator: Relocator,
): Uint8Array | undefined => {
  const bytes = [...reader.bytes(0, STRUCTURES_START)];
  let changed = false;
  let end = STRUCTURES_START;
  for (const [offset, structure] of [...structures].sort(([a], [b]) => a - b)) {
    bytes.push(...reader.bytes(end, offset - end));
    const length = reader.u16(offset + 2);
    const part = [...reader.bytes(offset, FIXED_LENGTH[reader.u16(offset)] ?? length)];
    for (const scope of structure.scopes) {
      const entry = reader.bytes(scope.offset, reader.u8(scope.offset + 1));
      const written = relocator.scope(entry, structure, scope);
      changed ||= written !== undefined;
      part.push(...(written ?? entry));
    }
    part[2] = part.length & 0xff;
    part[3] = part.length >> 8;
    bytes.push(...part);
    end = offset + length;
  }
  bytes.push(...reader.bytes(end, reader.length - end));
  return changed ? sealAcpiTable(Uint8Array.from(bytes)) : undefined;
};

/** A table that Linux refuses names nothing. */
const readable = (table: Uint8Array): Dmar | undefined => {
  try {
    return parseDmar(table);
  } catch (error) {
    if (isIommuError(error, 'ERR_TABLE_FIELD')) return undefined;
    throw error;
  }
};

const refuseBypass = ({ drhds }: Dmar, device: Device): void => {
  if (!isPciDevice(device) || !drhds.some(({ includePciAll, segment }) => includePciAll && segment === device.segment))
    return;
  throw new IommuError(
    'ERR_CHANGE',
    `a unit of the DMAR takes every device of segment ${device.segment} that no other names: none of them can be left out`,
  );
};

/**
 * Write the DMAR anew for hardware that was moved: paths lead to where devices are now, those that are gone are named no
 * more. Which unit translates a card goes by the port that it is behind, where some unit speaks for that port.
 *
 * @throws IommuError `ERR_CHANGE` when a root bus is to be left out and a unit takes all that no other names.
 */
export const relocateDmar: NonNullable<IommuDriver['relocate']> = (platform: Platform, relocation) => {
  const table = platform.acpiTable('DMAR');
  if (!table) return undefined;
  const dmar = readable(table);
  if (!dmar) return undefined;
  const { reader } = openAcpiTable(table, 'DMAR');
  for (const device of relocation.bypassed) refuseBypass(dmar, device);
  const relocator = new Relocator(dmar, topologyOf(platform.devices), relocation);
  const written = rewrite(reader, structuresOf(dmar), relocator);
  const known = new Set(relocation.devices.values());
  for (const device of relocation.after) {
    if (!isPciDevice(device) || device.isVirtualFunction || known.has(device) || relocator.covers(device)) continue;
    platform.report({
      severity: 'assumed',
      code: 'dmar-place-not-named',
      message: `no unit of the DMAR speaks for the place of ${device.name}; what firmware would write of it is not known`,
    });
  }
  return written && { DMAR: written };
};
