import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesToTar, readMachineBytes, readTar, redactBytes } from '@iommu/host';
import { describe, expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { asUser, plantedRoot, rootOf, temporaryFolder } from '../support/fake-root.js';
import { needsProgram, systemPath } from '../support/needs.js';
import { archives } from '../support/recordings.js';
import { secretsIn } from '../support/secrets.js';
import { sampled } from '../support/sweep.js';

const decoder = new TextDecoder();

/** A folder with the printed script and, for busybox, a folder with nothing but its programs. */
const prepare = (shell: 'dash' | 'busybox'): { folder: string; words: string[]; path: string } => {
  const folder = temporaryFolder();
  const script = join(folder, 'capture.sh');
  writeFileSync(script, iommu(['capture', '--print-script']).stdout);
  if (shell === 'dash') return { folder, words: ['dash', script], path: systemPath };
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  spawnSync(shell, ['--install', '-s', programs], { env: { PATH: systemPath }, timeout: 10_000 });
  return { folder, words: [join(programs, 'sh'), script], path: programs };
};

/** Run the script on a machine's root. @returns Its end, and the archive that it wrote. */
const capture = (shell: 'dash' | 'busybox', root: string, options: readonly string[] = []) => {
  const { folder, words, path } = prepare(shell);
  const [program = '', ...rest] = words;
  const { status, stderr, stdout } = spawnSync(program, [...rest, ...options, '-r', root, 'out.tar'], {
    cwd: folder,
    encoding: 'utf8',
    env: { PATH: path, TMPDIR: folder },
    timeout: 60_000,
  });
  return { status, stderr, stdout, tar: join(folder, 'out.tar') };
};

const sample = sampled([...archives('vtd'), ...archives('rules'), ...archives('smmuv3')], 3, 33);

describe.each(['dash', 'busybox'] as const)('under %s the script', (shell) => {
  test.for(sample)('captures %s with the groups that it has, as iommu capture does', async (name, context) => {
    needsProgram(context, shell);
    const root = await rootOf(name);
    const { status, stdout, stderr, tar } = capture(shell, root);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(/^missing: the kernel's configuration/);
    const ours = join(temporaryFolder(), 'ours.tar');
    expect(iommu(['capture', '--root', root, '-o', ours]).status).toBe(0);
    const [theirs, own] = await Promise.all([tar, ours].map((path) => readMachineBytes(readFileSync(path), { name })));
    // The device tree is left as it is; lines of the log are chosen otherwise, and tell the same.
    expect({ ...theirs, firmware: theirs?.firmware?.acpi }).toEqual({ ...own, firmware: own?.firmware?.acpi });
    expect(iommu(['groups', tar]).stdout).toBe(iommu(['groups', `fixtures/recorded/${name}.tar.gz`]).stdout);
  });

  test('takes nothing secret along', async (context) => {
    needsProgram(context, shell);
    const { status, tar } = capture(shell, await plantedRoot('rules/root-port-with-acs'));
    expect(status).toBe(0);
    const bytes = readFileSync(tar);
    expect(secretsIn(bytes)).toEqual([]);
    const redacted = await redactBytes(bytes);
    if (redacted.kind !== 'tar') throw new Error(redacted.kind);
    expect(secretsIn(await entriesToTar(redacted.entries))).toEqual([]);
  });

  test('says what is missing, and exits with 3', async (context) => {
    needsProgram(context, shell);
    const { status, stderr, tar } = capture(shell, await rootOf('rules/root-port-with-acs', asUser));
    expect(status).toBe(3);
    expect(stderr).toMatch(/configuration spaces of \d+ of \d+ functions are cut/);
    expect(stderr).toContain('no firmware table');
    const manifest = JSON.parse(decoder.decode((await readTar(readFileSync(tar))).read('capture.json')));
    expect(manifest).toMatchObject({ schema: 1, redacted: true, configSizes: {} });
    expect(manifest.missing).toContainEqual({ code: 'config-cut', message: expect.anything(), needed: true });
    expect(iommu(['groups', tar]).status).toBe(3);
  });

  test('leaves everything in for -n, and exits with 2 where nothing can be captured', async (context) => {
    needsProgram(context, shell);
    const { status, tar } = capture(shell, await plantedRoot('rules/root-port-with-acs'), ['-n']);
    expect(status).toBe(0);
    expect(secretsIn(readFileSync(tar)).length).toBeGreaterThan(5);
    expect(capture(shell, temporaryFolder())).toMatchObject({ status: 2, stdout: '' });
    expect(capture(shell, '/', ['-z'])).toMatchObject({ status: 2, stdout: '' });
  });
});
