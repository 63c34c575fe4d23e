import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MachinePciFunction } from '@iommu/machine';
import {
  type DeviceSketch,
  downstreamPort,
  endpoint,
  layOut,
  multifunction,
  pcieSwitch,
  rootPort,
} from '@iommu/machine/build';
import { command } from './support/command.js';
import type { Figure } from './support/measure.js';

const MACHINES = 10_000;
const FUNCTIONS = 200;
/** So many are different; they come again and again. */
const DIFFERENT = 100;
/** Between two looks at a process's memory, in milliseconds. */
const LOOK = 100;

/** Root ports with cards and switches, some with ACS and some without, as the number has it. */
const functionsOf = (number: number): MachinePciFunction[] => {
  const hasAcs = (place: number): boolean => (number * 31 + place * 17) % 5 < 3;
  const card = (place: number): DeviceSketch =>
    multifunction(...Array.from({ length: 8 }, () => endpoint({ id: '8086:1521', acs: hasAcs(place) })));
  const port = (place: number): DeviceSketch => {
    const behind = card(place + 1);
    const downstream = [0, 1].map((at) => downstreamPort({ acs: hasAcs(place + at) }, [card(place + at)]));
    return rootPort({ id: '8086:3c04', acs: hasAcs(place) }, [place % 3 === 0 ? pcieSwitch({}, downstream) : behind]);
  };
  return layOut([{ devices: Array.from({ length: 20 }, (_, place) => port(place)) }]).functions.slice(0, FUNCTIONS);
};

/** A file of machines, one a line. */
const writeMachines = (path: string): void => {
  const lines = Array.from({ length: DIFFERENT }, (_, number) => {
    const machine = {
      schema: 1,
      name: `machine ${number}`,
      kernel: { release: '7.3.0', arch: 'x86_64' },
      pci: { functions: functionsOf(number), acsRead: 'after-boot' },
    };
    return `${JSON.stringify(machine)}\n`;
  }).join('');
  const file = openSync(path, 'w');
  for (let written = 0; written < MACHINES; written += DIFFERENT) writeSync(file, lines);
  closeSync(file);
};

const residentBytes = (pid: number): number => {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
};

interface Run {
  readonly seconds: number;
  /** Share of the time that the main thread was busy, as the command says. */
  readonly parent: string;
  /** Of resident memory, the highest in the second quarter of the run, and in the last. */
  readonly early: number;
  readonly late: number;
}

const runOn = (path: string, jobs: number): Promise<Run> =>
  new Promise((resolve, reject) => {
    const words = ['groups', '--policy', 'reachability-2025', '--against', 'kernel', '--jobs', String(jobs), path];
    const [program = '', ...args] = [...command, ...words];
    const start = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 600_000 });
    const memory: number[] = [];
    const looks = setInterval(() => memory.push(residentBytes(child.pid ?? 0)), LOOK);
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(looks);
      const summary = new RegExp(`^${MACHINES} machines.*busy for (\\d+ %)`).exec(said);
      if (status !== 1 || !summary) return reject(new Error(`ended with ${status}: ${said}`));
      const seen = memory.filter(Boolean);
      const quarter = Math.floor(seen.length / 4);
      resolve({
        seconds: (performance.now() - start) / 1000,
        parent: summary[1] ?? '',
        early: Math.max(...seen.slice(quarter, 2 * quarter)),
        late: Math.max(...seen.slice(3 * quarter)),
      });
    });
  });

const MIB = 1024 * 1024;

/** Two policies on 10,000 machines of 200 functions, as JSON lines, on one thread and on two. */
export const compare = async (): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-bench-'));
  try {
    const path = join(folder, 'machines.ndjson');
    writeMachines(path);
    const runs: Run[] = [];
    for (const jobs of [1, 2]) {
      const run = await runOn(path, jobs);
      runs.push(run);
      const { seconds, parent, early, late } = run;
      console.log(
        `  ${jobs} threads: ${(MACHINES / seconds).toFixed(0)} machines a second, the main thread busy for ${parent}; memory ${(early / MIB).toFixed(0)} MiB early, ${(late / MIB).toFixed(0)} MiB late`,
      );
    }
    const [one, two] = runs as [Run, Run];
    return [
      {
        name: 'machines a second, 2 threads / 1',
        value: one.seconds / two.seconds,
        unit: 'x',
        bar: 1.5,
        atLeast: true,
      },
      { name: 'memory late / early, 2 threads', value: two.late / two.early, unit: 'x', bar: 1.1 },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
};
