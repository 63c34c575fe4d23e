import { sealAcpiTable } from '@iommu/firmware';

/*
 * DMAR tables byte by byte, right or wrong: what a test wants that the package itself would not write.
 */

const le = (value: number | bigint, length: number): number[] =>
  Array.from({ length }, (_, at) => Number((BigInt(value) >> BigInt(8 * at)) & 0xffn));

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));

export const SCOPE = { endpoint: 1, bridge: 2, ioApic: 3, hpet: 4, namespace: 5 } as const;

/**
 * A device scope.
 *
 * @param path - `00:1c.0/00.0`: the bus on which it starts, and the steps down from there.
 */
export const scope = (
  type: number,
  path: string,
  { id = 0, length }: { id?: number; length?: number } = {},
): number[] => {
  const [bus = '', rest = ''] = path.split(':');
  const steps = rest === '' ? [] : rest.split('/');
  const pairs = steps.flatMap((step) => step.split('.').map((part) => Number.parseInt(part, 16)));
  return [type, length ?? 6 + pairs.length, 0, 0, id, Number.parseInt(bus, 16), ...pairs];
};

export const endpointScope = (path: string): number[] => scope(SCOPE.endpoint, path);
export const bridgeScope = (path: string): number[] => scope(SCOPE.bridge, path);

/** Any structure: its type and what follows the length. */
export const structure = (type: number, body: readonly number[], length = body.length + 4): number[] => [
  ...le(type, 2),
  ...le(length, 2),
  ...body,
];

export interface DrhdSketch {
  readonly base: number | bigint;
  readonly segment?: number;
  readonly all?: boolean;
}

export const drhd = ({ base, segment = 0, all = false }: DrhdSketch, ...scopes: number[][]): number[] =>
  structure(0, [all ? 1 : 0, 0, ...le(segment, 2), ...le(base, 8), ...scopes.flat()]);

/** The unit for all devices that no other names. */
export const allDrhd = (base = 0xfed91000, segment = 0): number[] => drhd({ base, segment, all: true });

export interface RmrrSketch {
  readonly base: number | bigint;
  readonly limit: number | bigint;
  readonly segment?: number;
}

export const rmrr = ({ base, limit, segment = 0 }: RmrrSketch, ...scopes: number[][]): number[] =>
  structure(1, [0, 0, ...le(segment, 2), ...le(base, 8), ...le(limit, 8), ...scopes.flat()]);

const atc =
  (type: number) =>
  ({ flags = 0, segment = 0 }: { readonly flags?: number; readonly segment?: number }, ...scopes: number[][]) =>
    structure(type, [flags, 0, ...le(segment, 2), ...scopes.flat()]);

export const atsr = atc(2);
export const satc = atc(5);
export const sidp = atc(6);

export const rhsa = (base: number | bigint, proximity: number): number[] =>
  structure(3, [0, 0, 0, 0, ...le(base, 8), ...le(proximity, 4)]);

/** @param end - What follows the name: a zero, where it is right. */
export const andd = (number: number, name: string, end: readonly number[] = [0]): number[] =>
  structure(4, [0, 0, 0, number, ...ascii(name), ...end]);

export interface HeaderSketch {
  /** As the table has it: one less than the width in bits. */
  readonly width?: number;
  readonly flags?: number;
}

/** A whole table with a right length and checksum. */
export const dmarWith = ({ width = 38, flags = 0 }: HeaderSketch, ...structures: number[][]): Uint8Array => {
  const header = [...ascii('DMAR'), 0, 0, 0, 0, 1, ...new Array<number>(27).fill(0), width, flags];
  return sealAcpiTable(Uint8Array.from([...header, ...new Array<number>(10).fill(0), ...structures.flat()]));
};

export const dmar = (...structures: number[][]): Uint8Array => dmarWith({}, ...structures);

/** One of everything: units of both kinds, regions, services, a name-space device, structures that Linux skips. */
export const richDmar = (): Uint8Array =>
  dmarWith(
    { flags: 5 },
    drhd({ base: 0xfed90000 }, endpointScope('00:02.0')),
    drhd({ base: 0xfed92000, segment: 1 }, bridgeScope('00:1c.0/00.0'), scope(SCOPE.ioApic, 'f0:1f.0', { id: 2 })),
    drhd({ base: 0xfed91000, all: true }, scope(SCOPE.hpet, '00:1f.0'), scope(SCOPE.namespace, '00:15.0', { id: 1 })),
    rmrr({ base: 0x1000n, limit: 0x1fffn }, endpointScope('00:14.0'), bridgeScope('00:1c.0')),
    atsr({}, bridgeScope('00:1c.0')),
    rhsa(0xfed91000, 1),
    andd(1, '\\_SB.PCI0.I2C0'),
    satc({ flags: 1 }, endpointScope('00:05.0')),
    sidp({}, endpointScope('00:05.0')),
    structure(9, [1, 2, 3, 4]),
  );
