import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { main } from '../src/index.js';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'iommu-create-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(place, { recursive: true, force: true });
});

const create = (...args: string[]) => {
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    });
  }
  return { status: main(args, place), ...said };
};

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(join(import.meta.dirname, '../..', name, 'package.json'), 'utf8')) as { version: string })
    .version;

test('it writes a package, and says what comes next', () => {
  expect(create('@acme/x1')).toEqual({
    status: 0,
    stdout: `\
@acme/iommu-driver-x1: 13 files in iommu-driver-x1

  cd iommu-driver-x1
  npm install
  npm test         builds it, and tries the driver with the conformance kit
  npm run try      prints the groups of the machine in test/board.ts

Its table, the TOYI, is invented: README.md says what to replace by yours, in which order.
`,
    stderr: '',
  });
  expect(readdirSync(place)).toEqual(['iommu-driver-x1']);
  const manifest = readFileSync(join(place, 'iommu-driver-x1/package.json'), 'utf8');
  const { dependencies, devDependencies } = JSON.parse(manifest) as Record<string, Record<string, string>>;
  const asked = { ...dependencies, ...devDependencies };
  for (const name of ['core', 'firmware', 'pci', 'machine', 'driver-testkit'])
    expect(asked[`@iommu/${name}`], name).toBe(`^${versionOf(name)}`);
});

test('a folder with something in it is left alone', () => {
  create('x1');
  const before = readdirSync(place, { recursive: true });
  expect(create('x1')).toEqual({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/not empty.*\(ERR_FOLDER_TAKEN\)\n$/),
  });
  expect(readdirSync(place, { recursive: true })).toEqual(before);
});

test.each([
  [[], "the driver's name is missing; expected npm create iommu-driver NAME, or -- --help in its place (ERR_USAGE)"],
  [
    ['a', 'b'],
    'one name is expected, and there is more: b; expected npm create iommu-driver NAME, or -- --help in its place (ERR_USAGE)',
  ],
  [
    ['--force', 'a'],
    "Unknown option '--force'; expected npm create iommu-driver NAME, or -- --help in its place (ERR_USAGE)",
  ],
  [
    ['A'],
    '"iommu-driver-A" cannot be the name of a package: name can no longer contain capital letters (ERR_PACKAGE_NAME)',
  ],
])('%j writes nothing', (args, message) => {
  expect(create(...args)).toEqual({ status: 2, stdout: '', stderr: `create-iommu-driver: ${message}\n` });
  expect(readdirSync(place)).toEqual([]);
});

test('--help says how it is called, in 100 columns, and --version which it is', () => {
  const { status, stdout } = create('--help', 'x1');
  expect([status, readdirSync(place)]).toEqual([0, []]);
  expect(stdout).toMatchSnapshot();
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(create('--version')).toEqual({ status: 0, stdout: `${versionOf('create-iommu-driver')}\n`, stderr: '' });
});
