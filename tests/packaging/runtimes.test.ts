/* The published packages under other releases of Node, whose programs come from the npm registry. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { root } from '../support/command.js';
import { codeBlocks } from '../support/markdown.js';
import { needsFullRun } from '../support/needs.js';
import { Project } from '../support/registry/project.js';
import { rehearsal } from '../support/registry/rehearsal.js';
import { run } from '../support/registry/run.js';

/** Every release line that a package's `engines` allows and that is kept for long. */
const LINES = ['20', '22', '24'] as const;

test.for(LINES)('the samples print the same under Node %s', { timeout: 240_000 }, async (line, context) => {
  // Each is a download of some forty megabytes.
  needsFullRun(context);
  const folder = mkdtempSync(join(tmpdir(), 'iommu-runtime-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { project } = await rehearsal();
  cpSync(project, join(folder, 'project'), { recursive: true });
  Project.in(join(folder, 'node'));
  const program = `node-${process.platform}-${process.arch}`;
  await run('npm', ['install', '--ignore-scripts', '--prefer-offline', `${program}@${line}`], join(folder, 'node'));
  const node = join(folder, 'node/node_modules', program, 'bin/node');
  expect(await run(node, ['--version'], folder)).toMatch(new RegExp(`^v${line}\\.`));
  for (const readme of ['README.md', 'examples/iommu-driver-virtio/README.md']) {
    const [code, output] = codeBlocks(readFileSync(join(root, readme), 'utf8'), 'js');
    expect(await run(node, ['--input-type=module', '--eval', code!.text], join(folder, 'project'))).toBe(output!.text);
  }
});
