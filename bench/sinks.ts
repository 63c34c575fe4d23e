import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot } from '@iommu/machine';
import { type RootEntry, rootEntries, rootFiles, sysfsOf, writeFolder, writeTar } from '@iommu/sysfs';
import { bigHost } from './support/host.js';
import { type Figure, median } from './support/measure.js';

const FUNCTIONS = 10_000;
const ROUNDS = 3;

/** Milliseconds that something takes. */
const timed = async (act: () => unknown): Promise<number> => {
  const start = performance.now();
  await act();
  return performance.now() - start;
};

const unpack = (archive: string, folder: string): void => {
  mkdirSync(folder);
  const { status, error } = spawnSync('tar', ['-xf', archive, '-C', folder], { stdio: 'ignore', timeout: 600_000 });
  if (error) throw error;
  if (status !== 0) throw new Error(`tar ended with ${status}`);
};

/** A tree of 10,000 functions from its model to a folder and to an archive, against tar unpacking that archive. */
export const sinks = async (): Promise<Figure[]> => {
  const machine = { schema: 1, pci: { functions: bigHost(FUNCTIONS) } } as const;
  const running = boot(machine, { drivers: [intelVtd()] });
  const { root } = sysfsOf(running);
  const entries = (): Iterable<RootEntry> => rootEntries(root, rootFiles(running.describe()));
  const place = mkdtempSync(join(tmpdir(), 'iommu-bench-'));
  const at = (name: string): string => join(place, name);
  const times = { folder: [] as number[], tar: [] as number[], unpacked: [] as number[] };
  try {
    let count = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const tar = await timed(() => writeTar(entries(), at('m.tar')));
      const folder = await timed(() => {
        const { directories, files, links } = writeFolder(entries(), at('m'));
        count = directories + files + links;
      });
      const unpacked = await timed(() => unpack(at('m.tar'), at('u')));
      for (const name of ['m', 'u']) rmSync(at(name), { recursive: true });
      // The first is to warm up.
      if (round > 0) {
        times.tar.push(tar);
        times.folder.push(folder);
        times.unpacked.push(unpacked);
      }
    }
    const size = statSync(at('m.tar')).size / 1024 / 1024;
    const seconds = (list: readonly number[]): string => `${(median(list) / 1000).toFixed(2)} s`;
    console.log(
      `  ${count} entries, a tar of ${size.toFixed(0)} MiB: folder ${seconds(times.folder)}, tar ${seconds(times.tar)}, tar -x ${seconds(times.unpacked)}`,
    );
    return [
      {
        name: `folder of ${FUNCTIONS} functions / tar -x of it`,
        value: median(times.folder) / median(times.unpacked),
        unit: 'x',
        bar: 1,
      },
      {
        name: `tar of ${FUNCTIONS} functions / tar -x of it`,
        value: median(times.tar) / median(times.unpacked),
        unit: 'x',
        bar: 1,
      },
    ];
  } finally {
    rmSync(place, { recursive: true });
  }
};
