import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { comparisonSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, test } from 'vitest';
import { type Ended, iommu, root } from '../support/command.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(comparisonSchema);
const folder = mkdtempSync(join(tmpdir(), 'iommu-compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Line {
  readonly input: string;
  readonly error?: { readonly code: string };
  readonly changes?: readonly { readonly change: string }[];
}

const linesOf = ({ stdout }: Ended): Line[] =>
  stdout
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((text) => {
      const line: unknown = JSON.parse(text);
      expect(validate(line), `${text}: ${JSON.stringify(validate.errors)}`).toBe(true);
      return line as Line;
    });

const REACHABILITY = ['groups', '--policy', 'reachability-2025', '--against', 'kernel'];
const open = 'fixtures/recorded/rules/root-ports-separate-slots-no-acs.tar.gz';
const none = 'fixtures/recorded/rules/no-iommu.tar.gz';

const converted = new Map<string, string>();
const asLine = (path: string): string => {
  const known = converted.get(path) ?? JSON.stringify(JSON.parse(iommu(['convert', path]).stdout));
  converted.set(path, known);
  return known;
};

test('prints a record for each input, in their order, and says in the end what it came to', () => {
  const ended = iommu([...REACHABILITY, open, none, open]);
  expect(linesOf(ended).map(({ input, changes = [] }) => [input, changes.length > 0])).toEqual([
    [open, true],
    [none, false],
    [open, true],
  ]);
  expect(ended.status).toBe(1);
  expect(ended.stderr).toMatch(/^3 machines, 2 with other groups; .* on \d+ threads, the main thread busy/);
});

test('exits with 0 where nothing changes, and is quiet when asked', () => {
  const { status, stderr } = iommu(['groups', '--policy', 'grouping-3.18', '--against', 'kernel', '-q', open]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

describe('machines a line each', () => {
  const many = Array.from({ length: 300 }, (_, at) => asLine(at % 2 === 0 ? open : none)).join('\n');

  test('come from standard input and stay in order, on one thread and on more', () => {
    for (const jobs of ['1', '3']) {
      const lines = linesOf(iommu([...REACHABILITY, '--jobs', jobs, '-'], { input: many }));
      expect(lines.map(({ input }) => Number(input))).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
      expect(lines.every(({ changes = [] }, at) => changes.length > 0 === (at % 2 === 0))).toBe(true);
    }
  });

  test('come from a file', () => {
    const path = join(folder, 'many.ndjson');
    writeFileSync(path, `${many}\n\n`);
    expect(linesOf(iommu([...REACHABILITY, path]))).toHaveLength(300);
  });

  test('that are none become records of an error, and the exit status is 2', () => {
    const ended = iommu([...REACHABILITY, '-'], { input: `${asLine(none)}\n{"schema":1,\nhello\n${asLine(none)}` });
    expect(linesOf(ended).map(({ input, error }) => [input, error?.code])).toEqual([
      ['1', undefined],
      ['2', 'ERR_HOST_INPUT'],
      ['3', 'ERR_HOST_INPUT'],
      ['4', undefined],
    ]);
    expect(ended.status).toBe(2);
  });
});

test('goes through a folder of dumps', () => {
  const dumps = join(folder, 'dumps');
  for (const path of [open, none]) cpSync(join(root, path), join(dumps, 'inner', path.split('/').at(-1) ?? ''));
  writeFileSync(join(dumps, 'README.md'), 'Two machines.');
  const inputs = linesOf(iommu([...REACHABILITY, dumps])).map(({ input }) => input);
  expect(inputs.map((path) => path.split('/').at(-1))).toEqual([
    'no-iommu.tar.gz',
    'root-ports-separate-slots-no-acs.tar.gz',
  ]);
});

test.each([
  [[...REACHABILITY], /--against needs inputs/],
  [[...REACHABILITY, 'no-such-dump'], /no-such-dump: cannot be read/],
  [['groups', '--policy', 'mine', '--against', 'kernel', open], /no policy 'mine'; there are kernel/],
  [['groups', '--policy', 'acs-override=up', '--against', 'kernel', open], /expected downstream, multifunction/],
  [[...REACHABILITY, '--jobs', 'many', open], /expected a number of threads/],
  [['groups', open, none], /one input at a time, not 2/],
])('%j is refused with what to do', (words, message) => {
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(message);
});

test('lists the policies with source, proof and effect', () => {
  const { policies, rules } = JSON.parse(iommu(['policies', '--json']).stdout) as Record<string, { name: string }[]>;
  expect(policies?.map(({ name }) => name)).toContain('reachability-2025');
  const { stdout, status } = iommu(['policies']);
  expect(status).toBe(0);
  for (const { name } of policies ?? []) expect(stdout).toContain(`\n${name}\n`);
  for (const { rule } of (rules ?? []) as unknown as { rule: string }[]) expect(stdout).toContain(rule);
});
