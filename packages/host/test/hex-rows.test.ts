import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_MARK, liftHexRows } from '../src/hex-rows.js';

const lift = (text: string) => liftHexRows(new TextEncoder().encode(text));

/** The rows of a text as a regular expression sees them. */
const rowsOf = (text: string): string[] =>
  text.split('\n').filter((line) => /^[ \t]*[0-9a-f]{2,3}:(?: [0-9a-f]{2}){1,16}[ \t\r]*$/i.test(line));

describe('liftHexRows', () => {
  test('puts a mark where consecutive rows were, and keeps their bytes', () => {
    const { text, blocks } = lift('00:02.0 VGA\n00: 86 80\nKernel driver\n10: 01 FF\r\n');
    expect(text).toBe(`00:02.0 VGA\n${BLOCK_MARK}0\nKernel driver\n${BLOCK_MARK}1\n`);
    expect(blocks).toEqual([
      { offset: 0, bytes: Uint8Array.of(0x86, 0x80) },
      { offset: 0x10, bytes: Uint8Array.of(0x01, 0xff) },
    ]);
  });

  test('joins whole rows that follow each other, and no others', () => {
    const row = (offset: string, byte: string) => `${offset}:${` ${byte}`.repeat(16)}`;
    const { blocks } = lift(
      [row('00', 'aa'), row('10', 'bb'), row('30', 'cc'), row('40', 'dd'), '50: 01', '51: 02'].join('\n'),
    );
    expect(blocks.map(({ offset, bytes }) => [offset, bytes.length])).toEqual([
      [0, 32],
      [0x30, 33],
      [0x51, 1],
    ]);
  });

  test.each([
    '000: 8',
    '00:',
    '00: ',
    '00: 86 8',
    '00: 86  80',
    '0: 86',
    '0000: 86',
    '00: 86 zz',
    '00:86 80',
    'g0: 86',
    '00: 86 80 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f',
  ])('leaves %j alone', (line) => {
    expect(lift(line)).toEqual({ text: line, blocks: [] });
    expect(lift(`${line}\n`)).toEqual({ text: `${line}\n`, blocks: [] });
  });

  test('takes a last row without a newline', () => {
    expect(lift('a\n00: 86').blocks).toEqual([{ offset: 0, bytes: Uint8Array.of(0x86) }]);
  });

  test('agrees with a regular expression on what a row is, and loses nothing of the rest', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '00',
        '10',
        'ff0',
        ':',
        ' ',
        '\n',
        '\r\n',
        '\t',
        '86 80',
        ': 00',
        '00: 01 02\n',
        'ä',
        '\u{1f600}',
      ),
      fc.string({ maxLength: 4, unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const text16 = pieces.join('').replaceAll(BLOCK_MARK, '').replaceAll('\ufeff', '');
        const source = new TextDecoder().decode(new TextEncoder().encode(text16));
        const { text, blocks } = lift(source);
        const bytes = rowsOf(source).flatMap((row) =>
          row
            .slice(row.indexOf(':') + 1)
            .trim()
            .split(' '),
        );
        expect(blocks.flatMap((block) => [...block.bytes])).toEqual(bytes.map((byte) => Number.parseInt(byte, 16)));
        const rest = source.split('\n').filter((line) => !rowsOf(line).length);
        const left = text.split('\n').filter((line) => !line.startsWith(BLOCK_MARK));
        expect(left.join('\n').replace(/\n$/, '')).toBe(rest.join('\n').replace(/\n$/, ''));
      }),
      { numRuns: 500 },
    );
  });
});
