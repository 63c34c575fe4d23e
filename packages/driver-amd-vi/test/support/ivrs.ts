import { sealAcpiTable } from '@iommu/firmware';

/*
 * IVRS tables byte by byte, right or wrong: what a test wants that the package itself would not write.
 */

const le = (value: number | bigint, length: number): number[] =>
  Array.from({ length }, (_, at) => Number((BigInt(value) >> BigInt(8 * at)) & 0xffn));

const ascii = (text: string, length = text.length): number[] =>
  Array.from({ length }, (_, at) => (at < text.length ? text.charCodeAt(at) : 0));

/** Of `00:14.5` the requester id. */
export const id = (address: string): number => {
  const [bus = '', slot = '', fn = ''] = address.split(/[:.]/);
  return (Number.parseInt(bus, 16) << 8) | (Number.parseInt(slot, 16) << 3) | Number(fn);
};

const four = (type: number, address: string): number[] => [type, ...le(id(address), 2), 0];
const eight = (type: number, address: string, alias: string): number[] => [
  ...four(type, address),
  0,
  ...le(id(alias), 2),
  0,
];

export const pad4 = [0, 0, 0, 0];
export const pad8 = [0x40, 0, 0, 0, 0, 0, 0, 0];
export const all: number[] = four(0x01, '00:00.0');
export const select = (address: string): number[] => four(0x02, address);
export const start = (address: string): number[] => four(0x03, address);
export const end = (address: string): number[] => four(0x04, address);
export const aliasSelect = (address: string, alias: string): number[] => eight(0x42, address, alias);
export const aliasStart = (address: string, alias: string): number[] => eight(0x43, address, alias);
export const extSelect = (address: string): number[] => [...four(0x46, address), ...le(0x80000000, 4)];
export const extStart = (address: string): number[] => [...four(0x47, address), ...le(0, 4)];
/** @param variety - 1 an I/O APIC, 2 a timer. */
export const special = (address: string, variety = 1): number[] => [0x48, 0, 0, 0, 7, ...le(id(address), 2), variety];

export interface HidSketch {
  readonly hid?: string;
  /** Text, or the bytes of a number. */
  readonly uid?: string | readonly number[];
  readonly format?: number;
  readonly length?: number;
}

export const acpiHid = (address: string, { hid = 'AMDI0020', uid, format, length }: HidSketch = {}): number[] => {
  const bytes = typeof uid === 'string' ? ascii(uid) : (uid ?? []);
  const usual = uid === undefined ? 0 : typeof uid === 'string' ? 2 : 1;
  return [...four(0xf0, address), ...ascii(hid, 8), ...le(0, 8), format ?? usual, length ?? bytes.length, ...bytes];
};

export interface IvhdSketch {
  readonly type?: number;
  readonly unit?: string;
  readonly segment?: number;
  readonly capability?: number;
  readonly base?: bigint;
  readonly efr?: bigint;
  readonly efr2?: bigint;
  readonly length?: number;
}

export const ivhd = (sketch: IvhdSketch, ...entries: number[][]): number[] => {
  const { type = 0x10, unit = '00:00.2', segment = 0, capability = 0x40, base = 0xfeb80000n } = sketch;
  const { efr = 0n, efr2 = 0n } = sketch;
  const body = [
    ...le(id(unit), 2),
    ...le(capability, 2),
    ...le(base, 8),
    ...le(segment, 2),
    ...le(0, 6),
    ...(type === 0x10 ? [] : [...le(efr, 8), ...le(efr2, 8)]),
    ...entries.flat(),
  ];
  return [type, 0, ...le(sketch.length ?? body.length + 4, 2), ...body];
};

export interface IvmdSketch {
  readonly type?: number;
  readonly flags?: number;
  readonly first?: string;
  readonly last?: string;
  readonly segment?: number;
  readonly start: bigint;
  readonly length: bigint;
}

export const ivmd = ({ type = 0x20, flags = 7, segment = 0, ...sketch }: IvmdSketch): number[] => [
  type,
  flags,
  ...le(32, 2),
  ...le(id(sketch.first ?? '00:00.0'), 2),
  ...le(id(sketch.last ?? '00:00.0'), 2),
  ...le(segment, 2),
  ...le(0, 6),
  ...le(sketch.start, 8),
  ...le(sketch.length, 8),
];

/** Any block: its type and what follows the length. */
export const block = (type: number, body: readonly number[], length = body.length + 4): number[] => [
  type,
  0,
  ...le(length, 2),
  ...body,
];

/** A whole table with a right length and checksum. @param info - IVinfo; bit 0: images of feature registers count. */
export const ivrsWith = (info: number, ...blocks: number[][]): Uint8Array =>
  sealAcpiTable(
    Uint8Array.from([...ascii('IVRS', 8), 2, ...ascii('', 27), ...le(info, 4), ...le(0, 8), ...blocks.flat()]),
  );

export const ivrs = (...blocks: number[][]): Uint8Array => ivrsWith(0, ...blocks);

/** One unit at 00:00.2 that takes all that is named. */
export const ivrsOf = (...entries: number[][]): Uint8Array => ivrs(ivhd({ type: 0x40 }, ...entries));

/** One of everything: blocks of each type, each entry, memory of each kind, a block that Linux skips. */
export const richIvrs = (): Uint8Array =>
  ivrsWith(
    1,
    ivhd({ type: 0x10 }, start('00:01.0'), end('ff:1f.6')),
    ivhd({ type: 0x11, efr: 0x29d3n }, all),
    ivhd(
      { type: 0x40, efr: 0x29d3n, efr2: 0x800n },
      pad4,
      pad8,
      select('00:01.0'),
      start('00:02.0'),
      end('02:1f.7'),
      aliasSelect('03:00.0', '03:01.0'),
      aliasStart('ff:00.0', '00:14.4'),
      end('ff:1f.7'),
      extSelect('04:00.0'),
      extStart('05:00.0'),
      end('05:1f.7'),
      special('00:14.0', 2),
      special('00:00.1', 1),
      acpiHid('00:14.5', { uid: '\\_SB.FUR0' }),
      acpiHid('00:14.5', { uid: [3, 0, 0, 0, 0, 0, 0, 0] }),
      acpiHid('00:14.6'),
    ),
    ivmd({ start: 0x1000n, length: 0x1000n }),
    ivmd({ type: 0x21, first: '00:02.0', start: 0x7e000000n, length: 0x800n, flags: 8 }),
    ivmd({ type: 0x22, first: '00:02.0', last: '00:03.0', start: 0x7e100800n, length: 0x1000n }),
    block(0x30, [1, 2, 3, 4]),
  );
