/* The published packages that run anywhere, bundled, in a browser: there they give what they give in Node. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Plugin } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inBrowser } from '../support/browser.js';
import { type Bundle, bundleForBrowser, Consumer, namesOfNode } from '../support/consumer.js';
import { consumerMachines } from '../support/consumer-machines.js';
import { temporaryFolder } from '../support/fake-root.js';
import { needsProgram } from '../support/needs.js';
import { portableEntries } from '../support/portable.js';
import { asRecorded, recorded, withUnknownIdsFrom } from '../support/recorded-behaviour.js';
import { rehearsal } from '../support/registry/rehearsal.js';
import { run } from '../support/registry/run.js';
import { firstSample } from '../support/samples.js';
import type { Consumed } from './consumer/program.js';

const PATIENCE_MS = 240_000;

const machines = await consumerMachines();
const questions = machines.map(({ json }) => json);

let consumer: Consumer;
/** What the program answers in Node. */
let inNode: Consumed;

beforeAll(async () => {
  consumer = Consumer.install();
  inNode = await consumer.underNode(questions);
}, PATIENCE_MS);

afterAll(() => consumer?.remove(), PATIENCE_MS);

/** A module with all that the entries export, each under its specifier. */
const everything = (): string =>
  portableEntries.map(({ specifier }) => `export * as '${specifier}' from '${specifier}';`).join('\n');

/** Do something in a page that has loaded a bundle, the exports of which are `bundled`. */
const inPage = <T>({ text }: Bundle, work: string, data: unknown): T => {
  const file = join(temporaryFolder(), 'bundle.js');
  writeFileSync(file, text);
  return inBrowser<T>(work, data, [file]);
};

const consumeInPage = (bundle: Bundle): Consumed =>
  inPage<Consumed>(bundle, 'return bundled.consume(data);', questions);

let consumed: Consumed | undefined;
/** What the program answers in a page; asked once. */
const inChromium = async (): Promise<Consumed> => {
  consumed ??= consumeInPage(await consumer.bundled());
  return consumed;
};

describe('a bundle for browsers', () => {
  test('is made of every entry that runs anywhere, and of nothing but what was installed', async () => {
    const { inputs } = await bundleForBrowser(consumer.folder, everything());
    const folders = new Set(inputs.flatMap((path) => /^node_modules\/@iommu\/([^/]+)\//.exec(path)?.[1] ?? []));
    expect([...folders].sort()).toEqual([...new Set(portableEntries.map(({ folder }) => folder))].sort());
    expect(inputs.filter((path) => path !== 'bundled.ts' && !path.startsWith('node_modules/'))).toEqual([]);
  });

  test('names nothing that only Node has', async () => {
    expect(await namesOfNode(consumer.folder, everything())).toEqual([]);
  });

  test.each([
    ['a module of Node', `export { readFileSync } from 'node:fs';`, 'node:fs'],
    ['one by its old name', `export { join } from 'path';`, 'path'],
    ['a package of ours that reads files', `export { writeFolder } from '@iommu/sysfs';`, 'fs'],
  ])('cannot be made of what imports %s', async (_, code, module) => {
    const made = bundleForBrowser(consumer.folder, `${everything()}\n${code}`);
    await expect(made).rejects.toThrow(`Could not resolve "${module}"`);
  });

  test('with Buffer or process in it is found', async () => {
    const code = `export const size = (text: string) => Buffer.byteLength(text) + process.pid;
      export const isNode = typeof process !== 'undefined';
      export const own = ((process: number) => process + 1)(1);`;
    expect(await namesOfNode(consumer.folder, code)).toEqual([
      expect.stringMatching(/only_node_has_Buffer\.byteLength\(text\) \+ only_node_has_process\.pid/),
    ]);
  });
});

describe('a page of Chromium', () => {
  test('has nothing of Node, and makes no program of a text', (context) => {
    needsProgram(context, 'chromium-headless-shell');
    const work = `
      const refused = (make) => { try { make(); return 'made'; } catch (error) { return error.name; } };
      return [typeof Buffer, typeof process, typeof require, refused(() => eval('1')), refused(() => new Function('1'))];`;
    expect(inBrowser(work, null)).toEqual(['undefined', 'undefined', 'undefined', 'EvalError', 'EvalError']);
  });

  test('gets from every entry what Node gets', async (context) => {
    needsProgram(context, 'chromium-headless-shell');
    const specifiers = portableEntries.map(({ specifier }) => specifier);
    const code = `const lists = {};
      for (const name of ${JSON.stringify(specifiers)}) lists[name] = Object.keys(await import(name)).sort();
      console.log(JSON.stringify(lists));`;
    const names = JSON.parse(
      await run(process.execPath, ['--input-type=module', '--eval', code], consumer.folder),
    ) as Record<string, readonly string[]>;
    expect(names['@iommu/sysfs/tree']).toContain('sysfsOf');
    const bundle = await bundleForBrowser(consumer.folder, everything());
    const work = 'return Object.fromEntries(data.map((name) => [name, Object.keys(bundled[name]).sort()]));';
    expect(inPage(bundle, work, specifiers)).toEqual(names);
  });

  test('runs the samples of READMEs, a driver of another author among them', {
    timeout: PATIENCE_MS,
  }, async (context) => {
    needsProgram(context, 'chromium-headless-shell');
    const banner = `let printed = ''; console.log = (...words) => { printed += words.join(' ') + '\\n'; };`;
    const { project } = await rehearsal();
    for (const readme of ['README.md', 'examples/iommu-driver-virtio/README.md']) {
      const { code, output } = firstSample(readme);
      expect(inPage(await bundleForBrowser(project, code, { banner }), 'return printed;', null), readme).toBe(output);
    }
  });
});

describe('what the program answers in Chromium', () => {
  test.for(machines.map((machine, at) => ({ ...machine, at })))(
    'is what it answers in Node of $name',
    { timeout: PATIENCE_MS },
    async ({ at, recording }, context) => {
      needsProgram(context, 'chromium-headless-shell');
      const answers = (await inChromium()).answers[at]!;
      expect(answers).toEqual(inNode.answers[at]);
      expect(answers.groups.groups.length).toBeGreaterThan(0);
      expect(Object.values(answers.reasons).filter((reasons) => reasons.length === 0)).toEqual([]);
      // Not only the same, but right.
      if (recording) expect(withUnknownIdsFrom(recording, asRecorded(answers.groups))).toEqual(recorded(recording));
    },
  );

  test.for(['intel-vtd', 'amd-vi', 'smmu'])(
    'is that %s conforms, and one with a mistake not',
    async (driver, context) => {
      needsProgram(context, 'chromium-headless-shell');
      const { right, mistaken } = (await inChromium()).conformance[driver]!;
      expect({ right, mistaken }).toEqual(inNode.conformance[driver]);
      expect(right.length).toBeGreaterThan(30);
      expect(right.filter(({ failure }) => failure !== null)).toEqual([]);
      expect(right.filter(({ skip }) => skip !== null).length).toBeLessThan(5);
      expect(mistaken.flatMap(({ id, failure }) => (failure === null ? [] : [id]))).toContain('partition/never-finer');
    },
  );

  test('is seen to differ where a driver in the page errs', { timeout: PATIENCE_MS }, async (context) => {
    needsProgram(context, 'chromium-headless-shell');
    const wrong = consumeInPage(await consumer.bundled({ plugins: [erring(consumer.folder)] }));
    const differing = machines.filter((_, at) => !isDeepStrictEqual(wrong.answers[at], inNode.answers[at]));
    const translatedByIt = machines.filter(({ json }) => json.includes('"DMAR"'));
    expect(translatedByIt.length).toBeGreaterThan(3);
    expect(differing.map(({ name }) => name)).toEqual(translatedByIt.map(({ name }) => name));
  });
});

/** In place of the driver for VT-d, one that has every device alone. */
const erring = (folder: string): Plugin => ({
  name: 'erring',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@iommu\/driver-intel-vtd$/ }, ({ namespace }) =>
      namespace === 'file' ? { path: 'erring', namespace: 'erring' } : undefined,
    );
    onLoad({ filter: /^erring$/, namespace: 'erring' }, () => ({
      contents: `
        import { intelVtd as right } from '@iommu/driver-intel-vtd';
        import { altered } from '@iommu/driver-testkit';
        const reason = (device) => ({ rule: 'alone', text: 'It is taken to be alone.', source: 'a guess', devices: [device] });
        const alone = (device, groups) => ({ group: groups.alloc(), reasons: [reason(device)] });
        export const intelVtd = () => altered(right(), () => ({ deviceGroup: alone }));
        export { writeDmar } from '@iommu/driver-intel-vtd';`,
      resolveDir: folder,
    }));
  },
});
