import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../support/command.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: Readonly<
    Record<string, { readonly permissions: Readonly<Record<string, string>>; readonly steps: Step[] }>
  >;
}

const folder = join(root, '.github/workflows');
/** That of a new driver's package, too. */
const created = relative(folder, join(root, 'packages/create-iommu-driver/template/.github/workflows/release.yml'));
const read = (name: string): Workflow => parse(readFileSync(join(folder, name), 'utf8')) as Workflow;
const steps = (name: string): Step[] => Object.values(read(name).jobs).flatMap((job) => job.steps);

describe.each([...readdirSync(folder), created])('%s', (name) => {
  test('gives no permission but those that a job names', () => {
    expect(read(name).permissions).toEqual({});
    for (const job of Object.values(read(name).jobs)) expect(job.permissions).toBeTypeOf('object');
  });

  test('names the actions that it uses by their commits', () => {
    for (const { uses } of steps(name)) if (uses) expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  test('knows no secret but the one of the repository itself', () => {
    const secrets = readFileSync(join(folder, name), 'utf8').matchAll(/secrets\.(\w+)/g);
    for (const [, secret] of secrets) expect(secret).toBe('GITHUB_TOKEN');
  });
});

test('a release says where it comes from, after everything was checked', () => {
  const { jobs } = read('release.yml');
  expect(jobs['release']?.permissions['id-token']).toBe('write');
  const order = steps('release.yml').map(({ run, with: options }) => run ?? options?.['publish'] ?? '');
  const [tests, changesets, publish] = ['npm test', 'scripts/changesets.mjs', 'changeset publish'].map((what) =>
    order.findIndex((one) => one.includes(what)),
  );
  expect(tests).toBeGreaterThan(0);
  expect(changesets).toBeGreaterThan(tests!);
  expect(publish).toBeGreaterThan(changesets!);
  expect(steps('release.yml').at(publish!)?.env?.['NPM_CONFIG_PROVENANCE']).toBe('true');
});

test('a new driver is published by the actions that we use, with provenance, after its tests', () => {
  const actions = (name: string): string[] => steps(name).flatMap(({ uses }) => uses ?? []);
  expect(actions('release.yml')).toEqual(expect.arrayContaining(actions(created)));
  expect(read(created).jobs['release']?.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  const commands = steps(created).flatMap(({ run }) => run ?? []);
  expect(commands).toContain('npm test');
  expect(commands.at(-1)).toBe('npm publish --provenance');
});
