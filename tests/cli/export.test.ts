import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { temporaryFolder } from '../support/fake-root.js';
import { sampled } from '../support/sweep.js';

const desktop = 'fixtures/authored/workstation-gpu.json';

const FORMATS = ['ndjson', 'dot', 'mermaid', 'svg', 'libvirt-xml', 'nova', 'ansible', 'nfd', 'go', 'ghw'];

test('the help tells of every format, and no other is taken', () => {
  const { stdout } = iommu(['export', '--help']);
  const listed = [...(/Formats:\n(.*?)\n\n/s.exec(stdout)?.[1] ?? '').matchAll(/^ {2}(\S+)/gm)].map(([, name]) => name);
  expect(listed).toEqual(FORMATS);
  expect(stdout).toContain(`[${FORMATS.join('|')}]`);
});

test.each(FORMATS)('%s is the same in a file and on standard output, and of standard input', (format) => {
  const file = join(temporaryFolder(), 'written');
  const words = ['--format', format, '--quiet'];
  expect(iommu(['export', desktop, ...words, '--to', file])).toEqual({ status: 0, stdout: '', stderr: '' });
  const text = readFileSync(file, 'utf8');
  expect(text.length).toBeGreaterThan(100);
  expect(iommu(['export', desktop, ...words]).stdout).toBe(text);
  expect(iommu(['export', '-', ...words], { input: readFileSync(desktop) }).stdout).toBe(text);
});

test.each(sampled(FORMATS, 3))('%s is of the command line and policy that are asked for', (format) => {
  const written = (...words: string[]) => iommu(['export', desktop, '--format', format, '--quiet', ...words]).stdout;
  expect(written('--policy', 'acs-override=downstream')).not.toBe(written());
  expect(written('--cmdline', 'intel_iommu=off')).not.toBe(written());
});

/** A port whose ACS capability nobody read, with a card of two functions behind it. */
const unread = JSON.stringify({
  schema: 1,
  kernel: { release: '6.12.0' },
  pci: {
    functions: [
      {
        address: '0000:00:01.0',
        parent: null,
        id: '8086:1905',
        class: '060400',
        express: 'root-port',
        secondaryBus: 1,
      },
      { address: '0000:01:00.0', id: '10de:2684', class: '030000', express: 'endpoint', acs: null },
      { address: '0000:01:00.1', id: '10de:22ba', class: '040300', express: 'endpoint', acs: null },
    ],
  },
});

test.each(FORMATS)('%s is written where facts are missing, which are named, and the exit status is 3', (format) => {
  const { status, stdout, stderr } = iommu(['export', '-', '--format', format], { input: unread });
  expect(status).toBe(3);
  expect(stdout).not.toBe('');
  expect(stderr).toContain('supposed: the ACS capability of 0000:00:01.0 is not in the input');
});

test('a drawing says at each device that its group is a guess, and of the whole that the firmware was supposed', () => {
  const { stdout } = iommu(['export', '-', '--format', 'mermaid', '--quiet'], { input: unread });
  expect(stdout).toContain('0000:01:00.0 group 0, a guess');
  expect(stdout).toContain('not known whether it isolates');
  expect(stdout).toMatch(/accDescr: 3 devices in .*The firmware was supposed, so numbers are a guess/);
});

test('a folder gets a file for each node device, unless something is in it', () => {
  const folder = join(temporaryFolder(), 'devices');
  mkdirSync(folder);
  const words = ['export', desktop, '--format', 'libvirt-xml', '--quiet', '--to', folder];
  expect(iommu(words).status).toBe(0);
  const all = iommu(['export', desktop, '--format', 'libvirt-xml', '--quiet']).stdout;
  expect(all).toContain(readFileSync(join(folder, 'pci_0000_01_00_0.xml'), 'utf8'));
  writeFileSync(join(folder, 'note'), '');
  const again = iommu(words);
  expect(again.status).toBe(2);
  expect(again.stderr).toMatch(/is not empty.*ERR_USAGE/);
});
