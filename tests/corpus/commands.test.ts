import { relative } from 'node:path';
import { dumpsIn, readMachine } from '@iommu/host';
import { expect, type TestContext, test } from 'vitest';
import { iommu } from '../support/command.js';
import { needsCorpus } from '../support/needs.js';
import { QUESTIONS } from '../support/questions.js';
import { random, sampled } from '../support/sweep.js';
import { iommuAt, tooWide } from '../support/terminal.js';

/*
 * Every command that answers a question, on dumps of real machines: it answers or says why not, and keeps to the terminal.
 */

/** Commands that take no dump, change the world, or are tried on real dumps elsewhere. */
const OTHERS: Readonly<Record<string, string>> = {
  mount: 'shows what render shows',
  hotplug: 'talks to a mount',
  run: 'shows what render shows',
  abi: 'takes a path',
  export: 'tests/corpus/export',
  convert: 'fidelity reads all dumps',
  capture: 'takes this machine',
  redact: 'tests/corpus/redaction',
  policies: 'takes no dump',
  completion: 'takes no dump',
};

const WIDTH = 80;

/**
 * What these print is of a form that others fixed, one thing a line: `render` that of tree(1), `groups` the listing that people
 * search with grep; at a terminal that is broken too, see tests/cli/groups.
 */
const UNBROKEN = new Set(['render', 'groups']);

/** Two devices, the same in each run with one seed; where there are none, addresses of none. */
const devicesOf = async (path: string, salt: number): Promise<readonly [string, string]> => {
  const addresses = await readMachine(path).then(
    (machine) => machine.pci?.functions.map(({ address }) => address) ?? [],
    () => [],
  );
  const next = random(salt);
  const one = addresses[next(Math.max(1, addresses.length))] ?? '0000:00:00.0';
  const other = addresses.find((address) => address !== one) ?? '0000:00:01.0';
  return [one, other];
};

const dumpsOf = (context: TestContext): string[] => {
  const folder = needsCorpus(context, 'real');
  return dumpsIn(folder);
};

test('no command is left out', () => {
  const help = iommu(['--help']).stdout;
  const commands = [...(/COMMANDS\n([\s\S]*?)(?:\n\n|$)/.exec(help)?.[1] ?? '').matchAll(/^ {2}(\S+)/gm)].map(
    ([, name]) => name,
  );
  expect(commands.length).toBeGreaterThan(10);
  expect(commands.sort()).toEqual([...Object.keys(QUESTIONS), ...Object.keys(OTHERS)].sort());
});

test.for(Object.keys(QUESTIONS))('iommu %s', { timeout: 3_600_000 }, async (command, context) => {
  const dumps = dumpsOf(context);
  expect(dumps.length).toBeGreaterThan(100);
  const statuses: Record<string, number> = {};
  for (const [at, dump] of sampled(dumps, 6, command.length).entries()) {
    const [one, other] = await devicesOf(dump, at);
    const words = [command, ...(QUESTIONS[command]?.(dump, one, other) ?? [])];
    const { status, stdout, stderr } = iommuAt(WIDTH, false, words);
    const asked = words.map((word) => (word === dump ? relative(process.env['IOMMU_CORPUS'] ?? '', dump) : word));
    // Killed, or a fault of the program's own (70), is no answer.
    expect([asked, [0, 1, 2, 3].includes(status ?? -1), status]).toEqual([asked, true, status]);
    if (!UNBROKEN.has(command)) expect([asked, tooWide(stdout, WIDTH)]).toEqual([asked, []]);
    if (status === 2) expect([asked, stderr]).toEqual([asked, expect.stringMatching(/^iommu: /m)]);
    statuses[String(status)] = (statuses[String(status)] ?? 0) + 1;
  }
  console.log(`${command}: ${JSON.stringify(statuses)}`);
});
