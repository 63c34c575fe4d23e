import { sealAcpiTable } from '@iommu/firmware';

/** One function, from a root bus down: `[{ device: 0x1c, function: 0 }, { device: 0, function: 0 }]`. */
export interface ScopeSketch {
  /** As the header of the function has it, or Linux gives up VT-d; `bridge` also takes what is behind it. */
  readonly type: 'endpoint' | 'bridge';
  /** The root bus; default 0. */
  readonly startBus?: number;
  /** From the root bus down, bridges first and the function itself last; device 0 to 31, function 0 to 7. */
  readonly path: readonly { readonly device: number; readonly function: number }[];
}

/** A unit to be written. */
export interface UnitSketch {
  /** Host physical, in bytes. */
  readonly registerBase: bigint;
  /** 16 bits; default 0. */
  readonly segment?: number;
  /** The devices that it serves; absent: all that no other unit names. */
  readonly scopes?: readonly ScopeSketch[];
}

/** A reserved memory region to be written; both ends inclusive. */
export interface ReservedMemorySketch {
  /** The first address, host physical. */
  readonly base: bigint;
  /** The last address: base and length in bytes, less one. */
  readonly limit: bigint;
  /** 16 bits; default 0. */
  readonly segment?: number;
  /** Who needs the memory; empty: nobody, and nothing is reserved. */
  readonly scopes: readonly ScopeSketch[];
}

const SCOPE_TYPES = { endpoint: 1, bridge: 2 } as const;

const scopeBytes = ({ type, startBus = 0, path }: ScopeSketch): number[] => [
  SCOPE_TYPES[type],
  6 + 2 * path.length,
  0,
  0,
  0,
  startBus,
  ...path.flatMap((step) => [step.device, step.function]),
];

const littleEndian = (value: bigint, length: number): number[] =>
  Array.from({ length }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));

const structure = (type: number, head: readonly number[], scopes: readonly ScopeSketch[] = []): number[] => {
  const body = [...head, ...scopes.flatMap(scopeBytes)];
  return [...littleEndian(BigInt(type), 2), ...littleEndian(BigInt(body.length + 4), 2), ...body];
};

const drhd = ({ registerBase, segment = 0, scopes }: UnitSketch): number[] =>
  structure(0, [scopes ? 0 : 1, 0, ...littleEndian(BigInt(segment), 2), ...littleEndian(registerBase, 8)], scopes);

const rmrr = ({ base, limit, segment = 0, scopes }: ReservedMemorySketch): number[] =>
  structure(
    1,
    [0, 0, ...littleEndian(BigInt(segment), 2), ...littleEndian(base, 8), ...littleEndian(limit, 8)],
    scopes,
  );

/**
 * Write a DMAR table, for machines made by hand.
 *
 * @param hostAddressWidth - In bits; default 39.
 * @returns The whole table with its ACPI header and a right checksum.
 * @see Intel VT-d specification, DMA Remapping Reporting Structure
 */
export const writeDmar = ({
  units,
  reservedMemory = [],
  hostAddressWidth = 39,
}: {
  readonly units: readonly UnitSketch[];
  readonly reservedMemory?: readonly ReservedMemorySketch[];
  readonly hostAddressWidth?: number;
}): Uint8Array => {
  const header = new Array<number>(48).fill(0);
  [...'DMAR'].forEach((letter, at) => {
    header[at] = letter.charCodeAt(0);
  });
  header[8] = 1;
  header[36] = hostAddressWidth - 1;
  return sealAcpiTable(Uint8Array.from([...header, ...units.flatMap(drhd), ...reservedMemory.flatMap(rmrr)]));
};
