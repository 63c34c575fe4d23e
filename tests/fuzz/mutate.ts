import { random } from '../support/sweep.js';

/** Numbers at the borders of fields. */
const EXTREMES = [0, 1, 2, 3, 4, 7, 8, 15, 16, 20, 35, 36, 63, 64, 127, 128, 254, 255];

const encoder = new TextEncoder();

/** What readers of text give a meaning to; a blind mutation seldom hits it. */
const WORDS = [
  '\n',
  '\n\n',
  ':',
  '[',
  ']',
  '(rev ',
  '<access denied>',
  'ACSCap:',
  'IOMMU group: ',
  '0000:',
  '{',
  '"',
].map((word) => encoder.encode(word));

type Next = (below: number) => number;
type Mutation = (bytes: Uint8Array, next: Next, other: Uint8Array) => Uint8Array;

const spliced = (bytes: Uint8Array, start: number, end: number, middle: Uint8Array): Uint8Array => {
  const result = new Uint8Array(start + middle.length + bytes.length - end);
  result.set(bytes.subarray(0, start));
  result.set(middle, start);
  result.set(bytes.subarray(end), start + middle.length);
  return result;
};

const range = (bytes: Uint8Array, next: Next, longest = 64): readonly [number, number] => {
  const start = next(bytes.length + 1);
  return [start, Math.min(bytes.length, start + next(longest))];
};

/** Set a little-endian field of 1, 2, 4 or 8 bytes. */
const setField: Mutation = (bytes, next) => {
  const size = 1 << next(4);
  const at = next(Math.max(1, bytes.length - size));
  const result = bytes.slice();
  const fill = next(3);
  for (let byte = 0; byte < size && at + byte < result.length; byte++) {
    const first = byte === 0 ? (EXTREMES[next(EXTREMES.length)] ?? 0) : 0;
    result[at + byte] = fill === 0 ? 0xff : fill === 1 ? first : next(256);
  }
  return result;
};

const MUTATIONS: readonly Mutation[] = [
  setField,
  setField,
  (bytes, next) => {
    const result = bytes.slice();
    if (result.length > 0) {
      const at = next(result.length);
      result[at] = (result[at] ?? 0) ^ (1 << next(8));
    }
    return result;
  },
  (bytes, next) => bytes.slice(0, next(bytes.length + 1)),
  (bytes, next) => spliced(bytes, ...range(bytes, next), new Uint8Array()),
  (bytes, next) => {
    const [start, end] = range(bytes, next, 256);
    return spliced(bytes, end, end, bytes.slice(start, end));
  },
  (bytes, next) => spliced(bytes, ...range(bytes, next, 8), WORDS[next(WORDS.length)] ?? new Uint8Array()),
  (bytes, next, other) => {
    const [start, end] = range(other, next, 512);
    return spliced(bytes, ...range(bytes, next), other.slice(start, end));
  },
];

/** The input of one try: a seed changed in up to six ways. The same numbers give the same input. */
export const inputOf = (seeds: readonly Uint8Array[], salt: number): Uint8Array => {
  const next = random(salt);
  // The first numbers of neighbouring salts are alike.
  for (let skip = 0; skip < 4; skip++) next(2);
  const pick = (): Uint8Array => seeds[next(seeds.length)] ?? new Uint8Array();
  let bytes = pick();
  for (let left = 1 + next(6); left > 0; left--)
    bytes = MUTATIONS[next(MUTATIONS.length)]?.(bytes, next, pick()) ?? bytes;
  return bytes;
};
