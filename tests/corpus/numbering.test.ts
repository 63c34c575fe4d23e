import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveKernel } from '@iommu/machine';
import { expect, test } from 'vitest';
import { needsCorpus } from '../support/needs.js';

const ADDRESS = '([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])';
const FOUND = new RegExp(`\\b${ADDRESS}: \\[[0-9a-f]{4}:[0-9a-f]{4}\\] type`);
const JOINED = new RegExp(`\\b${ADDRESS}: (?:iommu: )?Adding to iommu group`);
/** Units that are in use: one that serves nothing present is left alone. */
const UNIT = /DMAR: (dmar\d+): Using (?:Queued|Register based) invalidation|AMD-Vi: Found IOMMU (?:at |cap )?(\S+)/;
const RELEASE = /Linux version (\S+)/;

/** The first boot in a log, as far as its groups go. */
interface Boot {
  readonly release: string | undefined;
  readonly units: number;
  /** So many times the walk over the devices began anew while they joined. */
  readonly walks: number;
}

const firstBoot = (log: string): Boot | undefined => {
  const order = new Map<string, number>();
  const units = new Set<string>();
  const joined = new Set<string>();
  let release: string | undefined;
  let last = -1;
  let walks = 0;
  for (const line of log.split('\n')) {
    release ??= RELEASE.exec(line)?.[1];
    const [, vtd, amd] = UNIT.exec(line) ?? [];
    if (vtd ?? amd) units.add(vtd ?? amd ?? '');
    const found = FOUND.exec(line)?.[1];
    if (found !== undefined && joined.size === 0 && !order.has(found)) order.set(found, order.size);
    const device = JOINED.exec(line)?.[1];
    if (device === undefined) continue;
    // Again: another boot in the same text.
    if (joined.has(device)) break;
    joined.add(device);
    const place = order.get(device);
    if (place === undefined) continue;
    if (last < 0 || place < last) walks += 1;
    last = place;
  }
  return joined.size > 0 && order.size > 0 ? { release, units: units.size, walks } : undefined;
};

/*
 * A log does not tell which unit has which device, so numbers cannot be computed from it. But it shows how devices were
 * walked while they joined: unit by unit, or all at once, which is what the version table says of its release.
 */
test('machines with several units number unit by unit from 6.1 on, and in one walk before', (context) => {
  const folder = needsCorpus(context, 'real/dmesg');
  const walksOf = { 'unit-by-unit': [] as string[], 'all-at-once': [] as string[] };
  const wrong: string[] = [];
  for (const name of readdirSync(folder)) {
    const boot = firstBoot(readFileSync(join(folder, name, 'input.txt'), 'latin1'));
    if (!boot?.release || boot.units < 2) continue;
    const allAtOnce = resolveKernel({ release: boot.release }).rule('unit-registration') === 'all-at-once';
    walksOf[allAtOnce ? 'all-at-once' : 'unit-by-unit'].push(name);
    const atMost = allAtOnce ? 1 : boot.units;
    if (boot.walks > atMost) wrong.push(`${name}: ${boot.release}, ${boot.units} units, ${boot.walks} walks`);
    if (!allAtOnce && boot.units === 2 && boot.walks !== 2)
      wrong.push(`${name}: ${boot.release}, 2 units, ${boot.walks} walk`);
  }
  expect(wrong).toEqual([]);
  expect(walksOf['all-at-once'].length).toBeGreaterThanOrEqual(12);
  expect(walksOf['unit-by-unit'].length).toBeGreaterThanOrEqual(16);
});
