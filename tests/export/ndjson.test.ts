import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DeviceRecord, deviceRecordSchema } from '@iommu/export';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { iommu, root } from '../support/command.js';
import { askDuckDb } from '../support/duckdb.js';
import { temporaryFolder } from '../support/fake-root.js';
import { codeBlocks } from '../support/markdown.js';

const MACHINES = ['workstation-gpu', 'conventional-pci', 'arm-two-smmus', 'server-vfs', 'thunderbolt-laptop'];

const fileOf = (name: string): string => `fixtures/authored/${name}.json`;

const recordsOf = (file: string): DeviceRecord[] =>
  iommu(['export', file, '--format', 'ndjson', '--quiet'])
    .stdout.trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

interface Groups {
  readonly machine: { readonly name: string };
  readonly groups: readonly { readonly id: number; readonly devices: readonly string[] }[];
  readonly ungrouped: readonly { readonly device: string }[];
}

const groupsOf = (file: string): Groups => JSON.parse(iommu(['groups', file, '--json', '--quiet']).stdout);

test.each(MACHINES)('%s: every line is what the schema says, and says what `iommu groups` does', (name) => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(deviceRecordSchema);
  const records = recordsOf(fileOf(name));
  for (const record of records) expect(validate(record), JSON.stringify(validate.errors)).toBe(true);
  const { groups, ungrouped } = groupsOf(fileOf(name));
  const said = new Map(groups.flatMap(({ id, devices }) => devices.map((device) => [device, { id, devices }])));
  expect(records).toHaveLength(said.size + ungrouped.length);
  for (const { device, group, groupDevices } of records) {
    const expected = said.get(device);
    expect({ device, id: group, devices: groupDevices }).toEqual({
      device,
      id: expected?.id ?? null,
      devices: expected?.devices ?? [],
    });
  }
});

test('the query of the README finds in DuckDB what `iommu groups` lists', async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'dumps'));
  for (const name of MACHINES) {
    const written = iommu(['export', fileOf(name), '-f', 'ndjson', '-q', '-o', join(folder, `dumps/${name}.ndjson`)]);
    expect(written).toMatchObject({ status: 0, stdout: '', stderr: '' });
  }
  const blocks = codeBlocks(readFileSync(join(root, 'packages/export/README.md'), 'utf8'));
  const query = blocks.find(({ language }) => language === 'sql')?.text ?? '';
  const rows = await askDuckDb(query, folder);
  const bridges = new Set(
    MACHINES.flatMap((name) =>
      recordsOf(fileOf(name)).flatMap(({ machine, device, isBridge }) => (isBridge ? [`${machine} ${device}`] : [])),
    ),
  );
  const expected = MACHINES.map((name) => groupsOf(fileOf(name))).flatMap(({ machine, groups }) =>
    groups.flatMap(({ id, devices }) => {
      const others = devices.filter((device) => !bridges.has(`${machine.name} ${device}`)).sort();
      return others.length > 1 ? [{ machine: machine.name, group: String(id), devices: others }] : [];
    }),
  );
  const order = ({ machine, group }: { machine: string; group: string }) => `${machine} ${group.padStart(6)}`;
  expect(rows).toEqual(expected.sort((a, b) => (order(a) < order(b) ? -1 : 1)));
  expect(rows.length).toBeGreaterThan(2);
});

test('DuckDB finds the same columns of the same types in every machine', async () => {
  const folder = temporaryFolder();
  const columns = async (name: string) => {
    writeFileSync(join(folder, `${name}.ndjson`), iommu(['export', fileOf(name), '-f', 'ndjson', '-q']).stdout);
    const rows = await askDuckDb(`DESCRIBE FROM read_json('${name}.ndjson')`, folder);
    return rows.map(({ column_name }) => column_name);
  };
  const names = Object.keys(deviceRecordSchema.properties).sort();
  for (const name of MACHINES) expect((await columns(name)).sort()).toEqual(names);
});
