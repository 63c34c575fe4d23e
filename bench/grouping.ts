import { intelVtd } from '@iommu/driver-intel-vtd';
import { boot, type Machine } from '@iommu/machine';
import { bigHost } from './support/host.js';
import { type Figure, median } from './support/measure.js';

const SIZES = [
  { functions: 10_000, rounds: 15 },
  { functions: 100_000, rounds: 7 },
  { functions: 1_000_000, rounds: 3 },
];

/** So many functions are kept at least when their memory is measured. */
const KEPT = 200_000;

const usedBytes = (): number => {
  if (!globalThis.gc) throw new Error('run with node --expose-gc');
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

const machineOf = (functions: number): Machine => ({
  schema: 1,
  kernel: { release: '7.3.0', arch: 'x86_64' },
  pci: { functions: bigHost(functions), acsRead: 'after-boot' },
});

/** Milliseconds of one boot. */
const timeOnce = (machine: Machine): number => {
  const start = performance.now();
  const running = boot(machine, { drivers: [intelVtd()] });
  const elapsed = performance.now() - start;
  if (running.iommu.groups.size === 0) throw new Error('nothing was grouped');
  return elapsed;
};

/**
 * What a running machine keeps, in bytes; the functions' configuration bytes are the machine's and do not count.
 *
 * @param boots - So many are kept at once: what the engine keeps or gives up meanwhile, such as compiled code, is then
 * little beside them.
 */
const keptBytes = (machine: Machine, boots: number): number => {
  const before = usedBytes();
  const kept = Array.from({ length: boots }, () => boot(machine, { drivers: [intelVtd()] }));
  const after = usedBytes();
  if (kept.some(({ iommu }) => iommu.groups.size === 0)) throw new Error('nothing was grouped');
  return (after - before) / boots;
};

/** From functions with their bytes to their groups: reading capabilities, placing, finding units, grouping. */
export const grouping = (): Figure[] => {
  const sizes = SIZES.map(({ functions, rounds }) => {
    const machine = machineOf(functions);
    timeOnce(machine);
    const bytes = keptBytes(machine, Math.max(1, KEPT / functions)) / functions;
    timeOnce(machine);
    const time = (median(Array.from({ length: rounds }, () => timeOnce(machine))) * 1000) / functions;
    console.log(`  ${functions} functions: ${time.toFixed(2)} µs and ${bytes.toFixed(0)} bytes a function`);
    return { time, bytes };
  });
  const times = sizes.map(({ time }) => time);
  return [
    { name: 'time a function, 1,000,000 / 10,000', value: (times.at(-1) ?? 0) / (times[0] ?? 1), unit: 'x', bar: 1.5 },
    { name: 'time a function, worst size', value: Math.max(...times), unit: ' µs', bar: 3 },
    {
      name: 'memory a function, worst size',
      value: Math.max(...sizes.map(({ bytes }) => bytes)),
      unit: ' B',
      bar: 1024,
    },
  ];
};
