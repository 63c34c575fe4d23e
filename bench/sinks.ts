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

/** Seconds that something takes. */
const timed = async (act: () => unknown): Promise<number> => {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
};

/** Unpack an archive into a new folder, which then goes. */
const unpack = async (flags: string, archive: string, folder: string): Promise<number> => {
  mkdirSync(folder);
  const seconds = await timed(() => {
    const { status, error } = spawnSync('tar', [flags, archive, '-C', folder], { stdio: 'ignore', timeout: 900_000 });
    if (error) throw error;
    if (status !== 0) throw new Error(`tar ended with ${status}`);
  });
  rmSync(folder, { recursive: true });
  return seconds;
};

/** A tree of 10,000 functions from its model to a folder and to an archive, against GNU tar unpacking that archive. */
export const sinks = async (): Promise<Figure[]> => {
  const machine = { schema: 1, pci: { functions: bigHost(FUNCTIONS) } } as const;
  const running = boot(machine, { drivers: [intelVtd()] });
  const { root } = sysfsOf(running);
  const entries = (): Iterable<RootEntry> => rootEntries(root, rootFiles(running.describe()));
  const place = mkdtempSync(join(tmpdir(), 'iommu-bench-'));
  const [archive, folder, unpacked] = ['m.tar', 'm', 'u'].map((name) => join(place, name)) as [string, string, string];
  const rounds: { readonly folder: number; readonly tar: number; readonly unpack: number }[] = [];
  try {
    let count = 0;
    for (let round = 0; round <= ROUNDS; round++) {
      const tar = await timed(() => writeTar(entries(), archive));
      const written = await timed(() => {
        const { directories, files, links } = writeFolder(entries(), folder);
        count = directories + files + links;
      });
      rmSync(folder, { recursive: true });
      const times = { folder: written, tar, unpack: await unpack('-xPf', archive, unpacked) };
      // The first is to warm up.
      if (round > 0) rounds.push(times);
    }
    // Once, for it takes minutes: links that climb are made at the end, out of a list that is searched for each.
    const plain = await unpack('-xf', archive, unpacked);
    const seconds = (what: 'folder' | 'tar' | 'unpack'): number => median(rounds.map((times) => times[what]));
    const size = statSync(archive).size / 1024 / 1024;
    console.log(
      `  ${count} entries, a tar of ${size.toFixed(0)} MiB: folder ${seconds('folder').toFixed(2)} s, tar ${seconds('tar').toFixed(2)} s; tar -x ${plain.toFixed(2)} s, tar -xP ${seconds('unpack').toFixed(2)} s`,
    );
    return (['folder', 'tar'] as const).flatMap((what) => [
      { name: `${what} of ${FUNCTIONS} functions / tar -x of it`, value: seconds(what) / plain, unit: 'x', bar: 1 },
      {
        name: `${what} of ${FUNCTIONS} functions / tar -xP of it, which trusts it`,
        value: seconds(what) / seconds('unpack'),
        unit: 'x',
        bar: 1,
      },
    ]);
  } finally {
    rmSync(place, { recursive: true });
  }
};
