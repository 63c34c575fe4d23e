import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/command.js';

const contract = readFileSync(join(root, 'packages/core/src/driver.ts'), 'utf8');
const report = readFileSync(join(root, 'packages/core/api/index.api.md'), 'utf8');

const names = [...contract.matchAll(/^export interface (\w+)/gm)].map(([, name = '']) => name);

/** An interface as the API report has it. */
const reported = (name: string): string =>
  new RegExp(`^export interface ${name} \\{\\n[\\s\\S]*?^\\}`, 'm').exec(report)?.[0] ?? '';

test('the contract is types only', () => {
  const statements = contract.matchAll(/^(?!import type |export interface |\/\*\*?| \*|\}|\s|$).+$/gm);
  expect([...statements].map(([line]) => line)).toEqual([]);
  expect(names).toContain('BoundDriver');
});

test.each(names)('every member of %s is documented', (name) => {
  expect(reported(name)).toContain(`export interface ${name}`);
  expect(reported(name)).not.toContain('(undocumented)');
});
