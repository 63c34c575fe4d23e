import { formatChange, parseChanges } from '@iommu/analysis';
import { isIommuError } from '@iommu/core';
import { array, assert, constantFrom, oneof, property, string } from 'fast-check';
import { test } from 'vitest';
import { runs } from '../support/sweep.js';

const seed = Number(process.env['IOMMU_TEST_SEED']);

const word = oneof(
  constantFrom(
    'move',
    'swap',
    'readdress',
    'add',
    'remove',
    'vfs',
    'acs',
    'on',
    'off',
    'kernel',
    'to',
    'with',
    'bypass',
  ),
  constantFrom('01:00.0', '0001:02:1f.7', '10000:e0:06.0', 'nvme', 'gpu', '6.12', '0000:40', '01:00.0=4', 'iommu=pt'),
  constantFrom('config_acs=xx1@00:1c.0', 'acs-override=downstream', 'policy', 'cmdline', 'table', 'DMAR=AAAA'),
  string({ maxLength: 12 }),
);

test('any words are changes that are read again as they are written, or wrong usage', () => {
  assert(
    property(array(word, { maxLength: 12 }), (words) => {
      let written: string;
      try {
        written = parseChanges(words.join(' ')).map(formatChange).join(' ');
      } catch (error) {
        return isIommuError(error, 'ERR_USAGE') || isIommuError(error, 'ERR_CARD');
      }
      return parseChanges(written).map(formatChange).join(' ') === written;
    }),
    { seed, numRuns: runs(100_000, 5000) },
  );
});
