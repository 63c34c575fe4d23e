import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runs } from '../support/sweep.js';
import { inputOf } from './mutate.js';
import { targets } from './targets.js';

const regressions = (name: string): readonly (readonly [string, Uint8Array])[] => {
  const folder = new URL(`./regressions/${name}/`, import.meta.url);
  return existsSync(folder)
    ? readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder))] as const)
    : [];
};

describe.each(await targets())('$name', (target) => {
  test('starts from recorded inputs that it reads', async () => {
    expect(target.seeds.length).toBeGreaterThan(0);
    for (const seed of target.seeds) await target.run(seed);
  });

  test('throws nothing but an IommuError, whatever the input', async () => {
    for (let tries = 0; tries < runs(20_000, 300); tries++) {
      try {
        await target.run(inputOf(target.seeds, tries));
      } catch (error) {
        expect.fail(`try ${tries} of ${target.name}: ${String(error)}`);
      }
    }
  }, 300_000);

  test('still reads what once was too much', async () => {
    for (const [, input] of regressions(target.name)) await target.run(input);
  });
});
