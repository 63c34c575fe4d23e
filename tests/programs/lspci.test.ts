import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groupsReport } from '@iommu/analysis';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { parseLspci, readSnapshot } from '@iommu/host';
import { boot, type Machine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { hexDump } from '../support/hex-dump.js';
import { needsProgram, systemPath } from '../support/needs.js';
import { archives, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { sampled } from '../support/sweep.js';

/** Run the real lspci on a dump. */
const lspci = (dump: string, options: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-lspci-'));
  try {
    const file = join(folder, 'dump');
    writeFileSync(file, dump);
    const { status, stdout, stderr } = spawnSync('lspci', ['-F', file, ...options], {
      encoding: 'utf8',
      env: { ...process.env, PATH: systemPath },
      timeout: 30_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    if (status !== 0) throw new Error(`lspci ended with ${status}: ${stderr}`);
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const partition = (machine: Machine) =>
  groupsReport(boot(machine, { drivers: [intelVtd()] })).groups.map(({ id, devices }) => [id, ...devices]);

const VERBOSITIES = [
  ['-D', '-nn', '-vv'],
  ['-nn', '-vvv'],
  ['-D', '-n', '-vv'],
];

describe('the text that lspci makes of a configuration space gives the groups that its bytes give', () => {
  for (const archive of sampled([...archives('rules'), ...archives('vtd')], 12, 1)) {
    test(archive, async (context) => {
      needsProgram(context, 'lspci');
      for (const { tree } of await readRecordings(archive)) {
        const machine = readSnapshot(strip(tree, true))!;
        const dump = hexDump(machine.pci!.functions);
        for (const options of VERBOSITIES) {
          const { functions } = parseLspci(lspci(dump, options))!.pci!;
          const read = { ...machine, pci: { ...machine.pci, functions } };
          expect(partition(read), options.join(' ')).toEqual(partition(machine));
        }
      }
    });
  }
});
