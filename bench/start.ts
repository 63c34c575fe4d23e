import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from './support/command.js';
import { type Figure, timePrograms } from './support/measure.js';

const recording = fileURLToPath(new URL('../fixtures/recorded/rules/acpi-base-intel.tar.gz', import.meta.url));

/** `iommu groups` as a process, on a recorded machine of a few devices, against a Node that does nothing. */
export const start = (): Figure[] => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-bench-'));
  try {
    spawnSync('tar', ['-xzf', recording, '-C', folder]);
    const [nothing = 0, unpacked = 0, packed = 0] = timePrograms(
      [
        [process.execPath, '-e', '0'],
        [...command, 'groups', join(folder, 'acpi-base-intel')],
        [...command, 'groups', recording],
      ],
      25,
    );
    console.log(
      `  node -e 0 ${nothing.toFixed(1)} ms; iommu groups: a folder ${unpacked.toFixed(1)} ms, a .tar.gz ${packed.toFixed(1)} ms`,
    );
    return [
      { name: 'iommu groups FOLDER / node -e 0', value: unpacked / nothing, unit: 'x', bar: 1.6 },
      { name: 'iommu groups FILE.tar.gz / node -e 0', value: packed / nothing, unit: 'x', bar: 1.6 },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};
