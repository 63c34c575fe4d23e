/* The published packages under other releases of Node, whose programs come from the npm registry. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, type TestContext, test } from 'vitest';
import { Consumer } from '../support/consumer.js';
import { consumerMachines } from '../support/consumer-machines.js';
import { needsFullRun } from '../support/needs.js';
import { Project } from '../support/registry/project.js';
import { rehearsal } from '../support/registry/rehearsal.js';
import { run } from '../support/registry/run.js';
import { firstSample } from '../support/samples.js';
import type { Consumed } from './consumer/program.js';

/** Every release line that a package's `engines` allows and that is kept for long. */
const LINES = ['20', '22', '24'] as const;

const PATIENCE_MS = 240_000;

const folder = mkdtempSync(join(tmpdir(), 'iommu-runtimes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }), PATIENCE_MS);

const nodes = new Map<string, Promise<string>>();

const installNode = async (line: string): Promise<string> => {
  const place = join(folder, line);
  Project.in(place);
  const program = `node-${process.platform}-${process.arch}`;
  await run('npm', ['install', '--ignore-scripts', '--prefer-offline', `${program}@${line}`], place);
  const node = join(place, 'node_modules', program, 'bin/node');
  expect(await run(node, ['--version'], place)).toMatch(new RegExp(`^v${line}\\.`));
  return node;
};

/** The program of a line's latest release, a download of some forty megabytes: only in a full run. */
const nodeOf = async (context: TestContext, line: string): Promise<string> => {
  needsFullRun(context);
  const node = nodes.get(line) ?? installNode(line);
  nodes.set(line, node);
  return await node;
};

test.for(LINES)('the samples print the same under Node %s', { timeout: PATIENCE_MS }, async (line, context) => {
  const node = await nodeOf(context, line);
  const project = join(mkdtempSync(join(folder, 'samples-')), 'project');
  cpSync((await rehearsal()).project, project, { recursive: true });
  for (const readme of ['README.md', 'examples/iommu-driver-virtio/README.md']) {
    const { code, output } = firstSample(readme);
    expect(await run(node, ['--input-type=module', '--eval', code], project)).toBe(output);
  }
});

describe('what the program of tests/packaging/consumer answers', () => {
  let consumer: Consumer | undefined;
  let here: Consumed | undefined;
  afterAll(() => consumer?.remove(), PATIENCE_MS);

  test.for(LINES)('is the same under Node %s', { timeout: PATIENCE_MS }, async (line, context) => {
    const node = await nodeOf(context, line);
    const machines = (await consumerMachines()).map(({ json }) => json);
    consumer ??= Consumer.install();
    here ??= await consumer.underNode(machines);
    expect(await consumer.underNode(machines, node)).toEqual(here);
  });
});
