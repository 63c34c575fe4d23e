import type { AnsibleFact, DeviceRecord } from '@iommu/export';
import { expect, test } from 'vitest';
import { type Ended, iommu } from '../support/command.js';

/** On this kernel groups form as drivers are probed, in an order that the machine does not tell. */
const exported = (format: string, ...words: string[]): Ended =>
  iommu(['export', 'fixtures/authored/arm-two-smmus.json', '--kernel', '6.1', '--format', format, ...words]);

const UNKNOWN = '9400000.ethernet';

test('is null in a table, beside that there is a group', () => {
  const records: DeviceRecord[] = exported('ndjson', '-q')
    .stdout.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const record = records.find(({ device }) => device === UNKNOWN);
  expect(record).toMatchObject({ isGrouped: true, group: null, groupDevices: [UNKNOWN] });
});

test('is null in a fact of Ansible', () => {
  const { groups, devices }: AnsibleFact = JSON.parse(exported('ansible', '-q').stdout);
  expect(groups).toContainEqual({ id: null, type: 'DMA', devices: [UNKNOWN] });
  expect(devices[UNKNOWN]).toMatchObject({ isGrouped: true, group: null });
});

test.each(['dot', 'mermaid', 'svg'])('is a question mark in %s', (format) => {
  expect(exported(format, '-q').stdout.replaceAll('#63;', '?').replaceAll(/ {2}/g, ' ')).toContain(
    `${UNKNOWN} group ?`,
  );
});

test.each(['go', 'ghw', 'libvirt-xml', 'nova'])('is said beside %s, which has no word for it', (format) => {
  expect(exported(format).stderr).toMatch(/which numbers these groups have depends on an order of probes/);
});
