import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { isIommuError } from '@iommu/core';
import {
  ansibleFactSchema,
  deviceRecordSchema,
  nodeDevices,
  toAnsibleFact,
  toDot,
  toMermaid,
  toNdjson,
  toNfdFeatures,
  toNovaFixture,
  toSvg,
} from '@iommu/export';
import { dumpsIn, pciIds, readMachine } from '@iommu/host';
import { boot, type RunningMachine } from '@iommu/machine';
import { pciFixture, sysfsOf, toGoLiteral } from '@iommu/sysfs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { needsCorpus, needsProgram } from '../support/needs.js';
import { sampled } from '../support/sweep.js';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
const [isRecord, isFact] = [ajv.compile(deviceRecordSchema), ajv.compile(ansibleFactSchema)];

/** A program that reads a text from its standard input, and ends well. */
const readBy =
  (program: string, ...words: string[]) =>
  (text: string): void => {
    const { status, stderr } = spawnSync(program, words, { input: text, encoding: 'utf8', timeout: 120_000 });
    expect({ program, status, stderr }).toEqual({ program, status: 0, stderr: '' });
  };

interface Case {
  readonly write: (running: RunningMachine) => string;
  readonly read: (text: string) => void;
}

const CASES: Readonly<Record<string, Case>> = {
  ndjson: {
    write: (running) => toNdjson(running, ({ name }) => name),
    read(text) {
      for (const line of text.split('\n').filter(Boolean))
        expect(isRecord(JSON.parse(line)), JSON.stringify(isRecord.errors)).toBe(true);
    },
  },
  dot: { write: toDot, read: readBy('dot', '-Tsvg', '-o', '/dev/null') },
  mermaid: { write: toMermaid, read: (text) => expect(text).toMatch(/^flowchart LR\n/) },
  svg: { write: toSvg, read: readBy('xmllint', '--noout', '-') },
  'libvirt-xml': {
    write: (running) =>
      `<all>${nodeDevices(running, pciIds())
        .map(({ xml }) => xml)
        .join('')}</all>`,
    read: readBy('xmllint', '--noout', '-'),
  },
  nova: {
    write: (running) => toNovaFixture(running, pciIds()),
    read: readBy('python3', '-c', "import sys; compile(sys.stdin.buffer.read(), 'fixture', 'exec')"),
  },
  ansible: {
    write: toAnsibleFact,
    read: (text) => expect(isFact(JSON.parse(text)), JSON.stringify(isFact.errors)).toBe(true),
  },
  nfd: {
    write: toNfdFeatures,
    read: (text) =>
      expect(text).toMatch(/^iommu-groups\.count=\d+\n(?:iommu-groups\.\w+-[0-9a-f]{4}_[0-9a-f]{4}=\d+\n)*$/),
  },
  go: { write: (running) => toGoLiteral(pciFixture(sysfsOf(running).root, running)), read: readBy('gofmt', '-l') },
};

/** The machine of a dump, running; `undefined`: there is none in it. */
const runningIn = async (path: string): Promise<RunningMachine | undefined> => {
  try {
    return boot(await readMachine(path), { drivers: allDrivers() });
  } catch (error) {
    if (isIommuError(error)) return undefined;
    throw error;
  }
};

test('every format of every real dump is read by what it is for', { timeout: 900_000 }, async (context) => {
  const folder = needsCorpus(context, 'real');
  for (const program of ['dot', 'gofmt', 'python3', 'xmllint'] as const) needsProgram(context, program);
  const dumps = dumpsIn(folder).filter((name) => !name.endsWith('.json'));
  let machines = 0;
  for (const path of sampled(dumps, 12)) {
    const running = await runningIn(path);
    if (!running) continue;
    machines += 1;
    for (const [format, { write, read }] of Object.entries(CASES)) {
      try {
        read(write(running));
      } catch (error) {
        throw new Error(`${relative(folder, path)} as ${format}`, { cause: error });
      }
    }
  }
  expect(machines).toBeGreaterThan(0);
});
