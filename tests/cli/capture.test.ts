import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { asUser, plantedRoot, rootOf, temporaryFolder } from '../support/fake-root.js';
import { archives } from '../support/recordings.js';
import { secretsIn } from '../support/secrets.js';
import { sampled } from '../support/sweep.js';

const recorded = (name: string): string => `fixtures/recorded/${name}.tar.gz`;

/** What a command says of an input, without the input's name. */
const answer = (command: string, input: string): unknown =>
  JSON.parse(iommu([command, input, '--json']).stdout.replaceAll(input, 'the input'));

const sample = sampled([...archives('vtd'), ...archives('rules'), ...archives('smmuv3')], 4, 21);

test.each(sample)('captures %s with the groups that it has', async (name) => {
  const output = join(temporaryFolder(), 'out.tar.gz');
  const { status, stdout, stderr } = iommu(['capture', '--root', await rootOf(name), '-o', output]);
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  expect(stderr).toMatch(/captured\n$/);
  for (const command of ['groups', 'check']) expect(answer(command, output)).toEqual(answer(command, recorded(name)));
});

test.each(sample.slice(0, 2))('captures nothing secret of %s, unless asked to', async (name) => {
  const root = await plantedRoot(name);
  const output = join(temporaryFolder(), 'out.tar.gz');
  expect(iommu(['capture', '--root', root, '-o', output]).status).toBe(0);
  expect(secretsIn(gunzipSync(readFileSync(output)))).toEqual([]);
  expect(iommu(['capture', '--root', root, '-o', output, '--no-redact']).status).toBe(0);
  expect(secretsIn(gunzipSync(readFileSync(output))).length).toBeGreaterThan(5);
});

test('without root captures what it may, says what is missing and what that costs, and exits with 3', async () => {
  const name = 'rules/root-port-with-acs';
  const output = join(temporaryFolder(), 'out.tar');
  const { status, stderr } = iommu(['capture', '--root', await rootOf(name, asUser), '-o', output]);
  expect(status).toBe(3);
  expect(stderr).toMatch(
    /configuration spaces of \d+ of \d+ functions are cut: capabilities and ACS unknown; run as root/,
  );
  expect(stderr).toMatch(/no firmware table and no device tree/);
  expect(stderr).toMatch(/log is not readable/);
  const groups = iommu(['groups', output]);
  expect(groups.status).toBe(3);
  expect(groups.stdout).toContain('IOMMU Group');
  expect(iommu(['check', output]).status).not.toBe(2);
  const again = join(temporaryFolder(), 'again.tar');
  expect(iommu(['redact', output, '-o', again]).status).toBe(0);
  expect(Buffer.compare(readFileSync(again), readFileSync(output))).toBe(0);
});

test('captures the machine that it runs on', () => {
  const output = join(temporaryFolder(), 'out.tar');
  expect([0, 3]).toContain(iommu(['capture', '-o', output]).status);
  expect([0, 3]).toContain(iommu(['groups', output]).status);
});

test('writes to standard output, or to iommu-capture.tar.gz', async () => {
  const root = await rootOf('rules/root-port-with-acs');
  const folder = temporaryFolder();
  expect(iommu(['capture', '--root', root, '-o', '-', '-q'])).toMatchObject({ status: 0, stderr: '' });
  expect(iommu(['capture', '--root', root], { cwd: folder }).status).toBe(0);
  expect(answer('check', join(folder, 'iommu-capture.tar.gz'))).toMatchObject({ partition: 'equal', ids: 'equal' });
});

test('refuses a folder without sysfs, and places that cannot be written', async () => {
  const folder = temporaryFolder();
  const nothing = iommu(['capture', '--root', folder, '-o', join(folder, 'out.tar')]);
  expect(nothing).toMatchObject({ status: 2, stdout: '' });
  expect(nothing.stderr).toContain('ERR_HOST_INPUT');
  const root = await rootOf('rules/root-port-with-acs');
  for (const [output, code] of [
    ['out.tar.xz', 'ERR_USAGE'],
    ['none/out.tar', 'ERR_OUTPUT'],
  ] as const) {
    const refused = iommu(['capture', '--root', root, '-o', join(folder, output)]);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(code);
  }
});
