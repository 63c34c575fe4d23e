import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMachine } from '@iommu/host';
import { hexDump } from '../tests/support/hex-dump.js';
import { QUESTIONS } from '../tests/support/questions.js';
import { command } from './support/command.js';
import { bigHost } from './support/host.js';
import { type Figure, timePrograms } from './support/measure.js';

/** As many functions as the largest dumps of real machines have, each with all of its configuration space. */
const FUNCTIONS = 320;

const lspciReads = (path: string): boolean => {
  const { status, stdout } = spawnSync('lspci', ['-F', path], { encoding: 'utf8', timeout: 30_000 });
  return status === 0 && stdout.length > 0;
};

/** Two devices of the largest group: what would part them is tried on the model, and all of it where nothing does. */
const together = (dump: string): readonly string[] => {
  const [program = '', ...args] = command;
  const { stdout } = spawnSync(program, [...args, 'groups', dump, '--json', '--quiet'], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const { groups } = JSON.parse(stdout) as { readonly groups: readonly { readonly devices: readonly string[] }[] };
  const [largest] = groups.map(({ devices }) => devices).sort((a, b) => b.length - a.length);
  return largest && largest.length > 1 ? [largest[0] ?? '', largest.at(-1) ?? ''] : [];
};

/** The largest of somebody's dumps that lspci can read, too, and in which some devices share a group. */
const largestDump = (corpus: string): string | undefined =>
  readdirSync(join(corpus, 'real'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort((a, b) => statSync(b).size - statSync(a).size)
    .find((path) => lspciReads(path) && together(path).length > 0);

const measured = async (what: string, dump: string): Promise<Figure[]> => {
  const [one, other] = (await readMachine(dump)).pci?.functions.slice(-2).map(({ address }) => address) ?? [];
  if (one === undefined || other === undefined) throw new Error(`${dump} holds no two functions`);
  const asked = Object.entries(QUESTIONS).map(([name, words]) => [...command, name, ...words(dump, one, other)]);
  const pair = together(dump);
  if (pair.length > 0) asked.push([...command, 'explain', dump, ...pair]);
  const formats = ['dot', 'mermaid', 'svg', 'libvirt-xml', 'ndjson'];
  const exported = formats.map((format) => [...command, 'export', dump, '--format', format]);
  const programs = [[process.execPath, '-e', '0'], ['lspci', '-F', dump], ...asked, ...exported];
  const [node = 0, lspci = 0, ...ours] = timePrograms(programs, 5, [0, 1, 3]);
  const names = [
    ...Object.keys(QUESTIONS),
    ...(pair.length > 0 ? ['explain (two of the largest group)'] : []),
    ...formats.map((format) => `export --format ${format}`),
  ];
  console.log(`  ${what}: node -e 0 ${node.toFixed(0)} ms, lspci -F ${lspci.toFixed(0)} ms`);
  return names.map((name, at) => {
    const time = ours[at] ?? Number.NaN;
    console.log(`    iommu ${name} ${time.toFixed(0)} ms`);
    return {
      name: `iommu ${name} on ${what} / (lspci -F + node -e 0)`,
      value: time / (node + lspci),
      unit: 'x',
      bar: 3,
    };
  });
};

/** Every command that answers a question, as a process, against lspci reading the same dump and a Node that does nothing. */
export const questions = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-bench-'));
  try {
    const dump = join(folder, 'dump');
    writeFileSync(dump, hexDump(bigHost(FUNCTIONS)));
    const corpus = process.env['IOMMU_CORPUS'];
    const largest = corpus === undefined ? undefined : largestDump(corpus);
    return [
      ...(await measured(`a hex dump of ${FUNCTIONS} functions`, dump)),
      ...(largest === undefined ? [] : await measured('the largest real dump', largest)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};
