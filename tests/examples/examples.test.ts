import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { codeBlocks } from '../support/markdown.js';

const folder = join(root, 'examples');
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, `${name}.mjs`)));

/** What a README shows, in parts: a line that is only `…` stands for lines that are left out. */
const shown = (name: string): string[] => {
  const [command, output] = codeBlocks(readFileSync(join(folder, name, 'README.md'), 'utf8'), 'sh');
  expect(command?.text).toBe(`node ${name}.mjs\n`);
  expect(output?.language).toBe('');
  return (output?.text ?? '').split(/^…\n/m);
};

const printed = (name: string): string => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${name}.mjs`], {
    cwd: join(folder, name),
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', TZ: 'UTC' },
    timeout: 60_000,
  });
  expect({ status, stderr }).toMatchObject({ status: 0 });
  return stdout;
};

describe.each(examples)('examples/%s', (name) => {
  test('prints what its README shows', () => {
    const parts = shown(name);
    if (parts.length === 1) expect(printed(name)).toBe(parts[0]);
    let rest = printed(name);
    for (const part of parts) {
      expect(rest).toContain(part);
      rest = rest.slice(rest.indexOf(part) + part.length);
    }
  });
});

test('every example is a folder with a program and a README', () => {
  const folders = readdirSync(folder).filter((name) => !name.startsWith('.') && !name.startsWith('iommu-driver-'));
  expect(folders.filter((name) => !examples.includes(name))).toEqual([]);
});
