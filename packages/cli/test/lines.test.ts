import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type LineBatch, lineBatches } from '../src/compare/lines.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function* streamOf(pieces: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield encoder.encode(piece);
}

const batchesOf = async (pieces: readonly string[], size: number): Promise<LineBatch[]> => {
  const batches: LineBatch[] = [];
  for await (const batch of lineBatches(streamOf(pieces), size)) batches.push(batch);
  return batches;
};

test('cuts only between lines, loses nothing, and counts', async () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom('\n', '\n\n', '{}\n', 'a'),
      fc.string({ maxLength: 12, unit: fc.constantFrom('x', '\n') }),
    ),
    { maxLength: 30 },
  );
  await fc.assert(
    fc.asyncProperty(pieces, fc.integer({ min: 1, max: 20 }), async (parts, size) => {
      const whole = parts.join('');
      const batches = await batchesOf(parts, size);
      const texts = batches.map(({ bytes }) => decoder.decode(bytes));
      expect(texts.join('')).toBe(whole);
      for (const text of texts.slice(0, -1)) expect(text.endsWith('\n')).toBe(true);
      let lines = 1;
      for (const [at, { first }] of batches.entries()) {
        expect(first).toBe(lines);
        lines += (texts[at] ?? '').split('\n').length - 1;
      }
    }),
    { numRuns: 300 },
  );
});

test('holds back no more than a batch', async () => {
  const batches = await batchesOf(Array(100).fill('{"a":1}\n'), 64);
  expect(batches.length).toBeGreaterThan(10);
  for (const { bytes } of batches) expect(bytes.length).toBeLessThanOrEqual(64 + 8);
});

test('gives each batch a buffer of its own, to hand over', async () => {
  const batches = await batchesOf(['a\nb\n', 'c\n'], 1);
  for (const { bytes } of batches) expect(bytes.buffer.byteLength).toBe(bytes.length);
});
