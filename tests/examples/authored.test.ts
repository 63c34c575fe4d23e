import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import { describe, expect, test } from 'vitest';
import { iommu, root } from '../support/command.js';

/** The example that draws a machine, and the function that it does that with. */
const drawn: Readonly<Record<string, string>> = {
  'arm-two-smmus': 'armServer',
  'conventional-pci': 'box',
  'server-vfs': 'server',
  'thunderbolt-laptop': 'laptop',
  'workstation-gpu': 'workstation',
};

const files = readdirSync(join(root, 'fixtures/authored')).filter((name) => name.endsWith('.json'));

describe.each(Object.entries(drawn))('fixtures/authored/%s.json', (name, draw) => {
  test('is what the example draws', async () => {
    const module = (await import(join(root, 'examples', name, 'machine.mjs'))) as Record<string, () => Machine>;
    const json = `${JSON.stringify(machineToJson(module[draw]?.() as Machine), null, 2)}\n`;
    await expect(json).toMatchFileSnapshot(join(root, 'fixtures/authored', `${name}.json`));
  });

  test('is printed as authored', () => {
    const { status, stdout, stderr } = iommu(['groups', `fixtures/authored/${name}.json`]);
    expect(status).toBe(0);
    expect(stdout).not.toBe('');
    expect(stderr).toContain('written by hand');
  });
});

test('every authored machine is drawn by an example', () => {
  expect(files.map((name) => name.replace('.json', '')).sort()).toEqual(Object.keys(drawn).sort());
});
