import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { ansibleFactSchema, deviceRecordSchema } from '@iommu/export';
import { dumpsIn } from '@iommu/host';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
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

const READERS: Readonly<Record<string, (text: string) => void>> = {
  ndjson: (text) => {
    for (const line of text.split('\n').filter(Boolean))
      expect(isRecord(JSON.parse(line)), JSON.stringify(isRecord.errors)).toBe(true);
  },
  dot: readBy('dot', '-Tsvg', '-o', '/dev/null'),
  mermaid: (text) => expect(text).toMatch(/^flowchart LR\n/),
  svg: readBy('xmllint', '--noout', '-'),
  'libvirt-xml': (text) => readBy('xmllint', '--noout', '-')(`<all>${text}</all>`),
  nova: readBy('python3', '-c', "import sys; compile(sys.stdin.buffer.read(), 'fixture', 'exec')"),
  ansible: (text) => expect(isFact(JSON.parse(text)), JSON.stringify(isFact.errors)).toBe(true),
  nfd: (text) =>
    expect(text).toMatch(/^iommu-groups\.count=\d+\n(?:iommu-groups\.\w+-[0-9a-f]{4}_[0-9a-f]{4}=\d+\n)*$/),
  go: readBy('gofmt', '-l'),
};

test('every format of every real dump is read by what it is for', { timeout: 900_000 }, (context) => {
  const folder = needsCorpus(context, 'real');
  for (const program of ['dot', 'gofmt', 'python3', 'xmllint'] as const) needsProgram(context, program);
  const dumps = dumpsIn(folder).filter((name) => !name.endsWith('.json'));
  let written = 0;
  for (const path of sampled(dumps, 8)) {
    for (const [format, read] of Object.entries(READERS)) {
      const name = `${relative(folder, path)} as ${format}`;
      const { status, stdout, stderr } = iommu(['export', path, '--format', format, '--quiet']);
      // Many of these hold no machine, or not all that decides.
      expect([0, 2, 3], `${name}: ${stderr}`).toContain(status);
      if (status === 2) expect(stderr, name).toMatch(/\(ERR_\w+\)/);
      else read(stdout);
      written += status === 2 ? 0 : 1;
    }
  }
  expect(written).toBeGreaterThan(0);
});
