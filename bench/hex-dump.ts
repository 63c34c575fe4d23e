import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hexDump } from '../tests/support/hex-dump.js';
import { command } from './support/command.js';
import { bigHost } from './support/host.js';
import { type Figure, timePrograms } from './support/measure.js';

const FUNCTIONS = 4096;

/** From a hex dump of 4,096 functions with 4 KiB each to its groups, against lspci printing it; without the starts. */
export const hexDumpToGroups = (): Figure[] => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-bench-'));
  try {
    const [big, small] = [join(folder, 'big'), join(folder, 'small')];
    const functions = bigHost(FUNCTIONS);
    writeFileSync(big, hexDump(functions));
    writeFileSync(small, hexDump(functions.slice(0, 1)));
    const [ours = 0, ourStart = 0, lspci = 0, lspciStart = 0] = timePrograms(
      [
        [...command, 'groups', big],
        [...command, 'groups', small],
        ['lspci', '-F', big, '-vv'],
        ['lspci', '-F', small, '-vv'],
      ],
      5,
    );
    console.log(
      `  iommu ${ours.toFixed(0)} ms, of it start ${ourStart.toFixed(0)}; lspci ${lspci.toFixed(0)} ms, of it start ${lspciStart.toFixed(0)}`,
    );
    return [
      {
        name: `hex dump of ${FUNCTIONS} functions to groups / lspci -F -vv`,
        value: (ours - ourStart) / (lspci - lspciStart),
        unit: 'x',
        bar: 1,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};
