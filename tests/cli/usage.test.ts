import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CheckReport, checkSchema } from '@iommu/analysis';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { archives } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

const bridge = 'fixtures/recorded/vtd/intel-003.tar.gz';

describe('help', () => {
  test.each([
    [['--help']],
    [['groups', '--help']],
    [['check', '-h']],
    [['explain', '--help']],
    [['what-if', '--help']],
    [['export', '--help']],
    [['viable', '--help']],
    [['why-none', '--help']],
    [['diff', '--help']],
    [['stale', '--help']],
    [['p2p', '--help']],
    [['ids', '--help']],
    [['convert', '--help']],
    [['capture', '--help']],
    [['redact', '--help']],
    [['completion', '--help']],
    [['abi', '--help']],
  ])('%j shows examples', (words) => {
    const { status, stdout, stderr } = iommu(words);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^USAGE/);
    expect(stdout.toLowerCase()).toMatch(/my\.txt|bashrc|machine|iommu_groups/);
  });

  test('without a command it shows the help and exits with 2', () => {
    const { status, stdout } = iommu([]);
    expect(status).toBe(2);
    expect(stdout).toContain('iommu groups my.txt');
  });

  test('prints its version', () => {
    expect(iommu(['--version']).stdout).toMatch(/^\d+\.\d+\.\d+/);
  });
});

describe('wrong usage and unreadable input exit with 2, say what to do, and print no data', () => {
  test.each([
    [['grups'], /did you mean/],
    [['groups', '--fast'], /--fast/],
    [['groups', 'no-such-file'], /no-such-file: cannot be read.*ERR_HOST_INPUT/],
    [['groups', 'package.json'], /ERR_MACHINE/],
    [['groups', 'LICENSE'], /expected output of lspci.*ERR_HOST_INPUT/],
    [['groups', bridge, '-s', 'zz'], /ERR_USAGE/],
    [['groups', bridge, '-d', '1'], /ERR_USAGE/],
    [['groups', bridge, '-g', 'one'], /ERR_USAGE/],
    [['groups', bridge, '--policy', 'mine'], /grouping-3.17.*ERR_POLICY/],
    [['convert', bridge, '--to', 'xml'], /xml/],
    [['export', bridge], /--format/],
    [['export', bridge, '--format', 'pdf'], /pdf.*ndjson/s],
    [['export', bridge, '--format', 'ndjson', '--to', bridge], /is the input.*ERR_USAGE/],
    [['export', bridge, '--format', 'ndjson', '--to', 'no/such/folder'], /cannot be written.*ERR_OUTPUT/],
    [['completion', 'tcsh'], /tcsh/],
  ])('%j', (words, message) => {
    const { status, stdout, stderr } = iommu(words);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('check', () => {
  test('finds a recording equal', () => {
    const { status, stdout } = iommu(['check', bridge]);
    expect(status).toBe(0);
    expect(stdout).toBe('partition  equal\nids        equal\ndevices    14\n');
  });

  test('finds a difference, and says why', () => {
    const { status, stdout } = iommu([
      'check',
      'fixtures/recorded/rules/root-port-with-acs.tar.gz',
      '--cmdline',
      'pci=disable_acs_redir=00:02.0 intel_iommu=on',
    ]);
    expect(status).toBe(1);
    expect(stdout).toContain('partition  differs');
    expect(stdout).toContain('computed  00:02.0 01:00.0');
    expect(stdout).toContain('lacks RR CR');
  });

  test('says that nothing was observed, and exits with 3', () => {
    const { status, stderr, stdout } = iommu(['check', '-', '--json'], {
      input: iommu(['convert', bridge, '--without-observed']).stdout,
    });
    expect(status).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ partition: 'unknown', ids: 'unknown' });
    expect(stderr).toBe('');
  });

  test('prints JSON that its schema describes', () => {
    const validate = new Ajv2020({ strict: true }).compile(checkSchema);
    for (const words of [[bridge], [bridge, '--cmdline', 'intel_iommu=off']]) {
      const report: unknown = JSON.parse(iommu(['check', ...words, '--json']).stdout);
      expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
    }
  });

  test.each(
    sampled([...archives('vtd'), ...archives('rules').filter((name) => !/amd|ivrs|smmu|virtio/.test(name))], 6),
  )('finds %s equal, archive as it is', (archive) => {
    const report = JSON.parse(iommu(['check', `fixtures/recorded/${archive}.tar.gz`, '--json']).stdout) as CheckReport;
    expect(report).toMatchObject({ partition: 'equal', ids: 'equal' });
  });
});

describe('convert', () => {
  test('gives JSON and archives that are read back as the same machine', () => {
    const folder = mkdtempSync(join(tmpdir(), 'iommu-'));
    const json = join(folder, 'machine.json');
    const tar = join(folder, 'machine.tar');
    expect(iommu(['convert', bridge, '-o', json]).status).toBe(0);
    expect(iommu(['convert', json, '--to', 'tar', '-o', tar]).status).toBe(0);
    expect(iommu(['convert', tar]).stdout).toBe(readFileSync(json, 'utf8'));
    expect(iommu(['groups', tar, '--json']).stdout).toBe(iommu(['groups', bridge, '--json']).stdout);
  });

  test('names what is wrong with a machine, and where', () => {
    const folder = mkdtempSync(join(tmpdir(), 'iommu-'));
    const path = join(folder, 'bad.json');
    writeFileSync(path, '{"schema":1,"pci":{"functions":[{"address":"00:00.0"}]}}');
    const { status, stderr } = iommu(['groups', path]);
    expect(status).toBe(2);
    expect(stderr).toContain('/pci/functions/0/address');
  });
});

test('has no colour on a pipe, nor with NO_COLOR', () => {
  for (const env of [{}, { NO_COLOR: '1' }]) {
    const { stdout, stderr } = iommu(['groups', 'no-such-file'], { env });
    expect(`${stdout}${stderr}`).not.toContain('\u001b[');
  }
});

test.each(['bash', 'zsh', 'fish', 'powershell'])('prints a completion script for %s', (shell) => {
  const { status, stdout } = iommu(['completion', shell]);
  expect(status).toBe(0);
  expect(stdout).toMatch(/iommu(?:'|"|\$|\s)*complete|complete --/);
});

test('proposes commands, flags and values', () => {
  expect(iommu(['complete', '--', 'gr']).stdout).toMatch(/^groups\t/);
  expect(iommu(['complete', '--', 'groups', '--obs']).stdout).toMatch(/^--observed\t/);
  expect(iommu(['complete', '--', 'convert', '--to', '']).stdout).toContain('tar\t');
  expect(iommu(['complete', '--', 'capture', '--pr']).stdout).toMatch(/^--print-script\t/);
  expect(iommu(['complete', '--', 'groups', 'my']).stdout).toBe(':0\n');
});
