import { sealAcpiTable } from '@iommu/firmware';

/*
 * Tables byte by byte, right or wrong.
 */

const le = (value: number | bigint, length: number): number[] =>
  Array.from({ length }, (_, at) => Number((BigInt(value) >> BigInt(8 * at)) & 0xffn));

const zeros = (length: number): number[] => new Array<number>(length).fill(0);

/** An ACPI header without length and checksum. */
const header = (signature: string): number[] => [...[...signature].map((letter) => letter.charCodeAt(0)), ...zeros(32)];

export const node = (type: number, body: readonly number[], length = body.length + 4): number[] => [
  type,
  0,
  ...le(length, 2),
  ...body,
];

export interface RangeBytes {
  readonly endpoint?: number;
  readonly segments?: readonly [number, number];
  readonly rids?: readonly [number, number];
  readonly output?: number;
}

export const FIRST_NODE = 48;

export const range = ({
  endpoint = 0,
  segments = [0, 0],
  rids = [0, 0xffff],
  output = FIRST_NODE,
}: RangeBytes = {}): number[] =>
  node(1, [...le(endpoint, 4), ...[...segments, ...rids, output].flatMap((value) => le(value, 2)), ...zeros(6)]);

export const mmio = (endpoint: number, base: bigint, output = FIRST_NODE): number[] =>
  node(2, [...le(endpoint, 4), ...le(base, 8), ...le(output, 2), ...zeros(6)]);

export const iommuPci = (rid: number, segment = 0): number[] =>
  node(3, [...le(segment, 2), ...le(rid, 2), ...zeros(8)]);

export const iommuMmio = (base: bigint): number[] => node(4, [...zeros(4), ...le(base, 8)]);

export interface Placement {
  readonly count?: number;
  readonly offset?: number;
}

/** A VIOT with a right length and checksum. */
export const viotWith = ({ count, offset = FIRST_NODE }: Placement, ...nodes: number[][]): Uint8Array =>
  sealAcpiTable(
    Uint8Array.from([
      ...header('VIOT'),
      ...le(count ?? nodes.length, 2),
      ...le(offset, 2),
      ...zeros(8),
      ...nodes.flat(),
    ]),
  );

export const viot = (...nodes: number[][]): Uint8Array => viotWith({}, ...nodes);

/** A MADT of these structures. */
export const madt = (...structures: number[][]): Uint8Array =>
  sealAcpiTable(Uint8Array.from([...header('APIC'), ...zeros(8), ...structures.flat()]));

export const its = (base: bigint, length = 20): number[] => [15, length, ...zeros(6), ...le(base, 8), ...zeros(4)];
export const msiFrame = (base: bigint): number[] => [13, 24, ...zeros(6), ...le(base, 8), ...zeros(8)];
/** The interface of a processor, of which nothing is read. */
export const processor = (): number[] => [11, 80, ...zeros(78)];
