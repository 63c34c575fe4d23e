import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { IommuDriver } from '@iommu/core';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { smmu } from '@iommu/driver-smmu';
import { conformanceSummary, driverConformance, THEMES } from '@iommu/driver-testkit';
import { contractCases } from '@iommu/driver-testkit/contract';
import { hotPlugCases } from '@iommu/driver-testkit/hot-plug';
import { lifetimeCases } from '@iommu/driver-testkit/lifetime';
import { malformedCases } from '@iommu/driver-testkit/malformed';
import { orderCases } from '@iommu/driver-testkit/order';
import { partitionCases } from '@iommu/driver-testkit/partition';
import { regionCases } from '@iommu/driver-testkit/regions';
import { uncertaintyCases } from '@iommu/driver-testkit/uncertainty';
import { expect, test } from 'vitest';
import { root } from '../support/command.js';
import { runTool } from '../support/packed.js';
import { installedDriver } from '../support/registry/rehearsal.js';
import { FAULTS } from './faults/index.js';
import { MACHINES } from './machines.js';

const virtioIommu = await installedDriver('iommu-driver-virtio');

const fault = (title: string): IommuDriver => {
  const found = FAULTS.find((one) => one.title === title);
  if (!found) throw new Error(`no fault '${title}'`);
  return found.driver;
};

/** What the case says of a driver; empty: nothing is wrong. */
const said = (id: string, options: Parameters<typeof driverConformance>[0]): string => {
  const one = driverConformance(options).find((other) => other.id === id);
  try {
    one?.run();
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

test('has cases of every theme, each with an id and a title of its own', () => {
  const cases = driverConformance({ driver: smmu(), machines: MACHINES.smmu });
  expect([...new Set(cases.map(({ theme }) => theme))]).toEqual(THEMES);
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  expect(new Set(cases.map(({ title }) => title)).size).toBe(cases.length);
  expect(cases.filter(({ id, theme }) => !id.startsWith(`${theme}/`))).toEqual([]);
});

test('exports every theme by itself', () => {
  const options = { driver: smmu(), machines: MACHINES.smmu };
  const apart = [
    contractCases,
    lifetimeCases,
    partitionCases,
    orderCases,
    regionCases,
    malformedCases,
    hotPlugCases,
    uncertaintyCases,
  ].flatMap((casesOf) => casesOf(options).map(({ id }) => id));
  expect(apart).toEqual(driverConformance(options).map(({ id }) => id));
});

test('skips what a driver does not declare, says so in the title, and counts it', () => {
  const { relocate: _relocate, assume: _assume, ...bare } = intelVtd();
  const cases = driverConformance({ driver: bare, machines: MACHINES['intel-vtd'] });
  expect(conformanceSummary(cases)).toBe(
    `${cases.length} cases, 3 skipped (contract/assume: it declares no assume(); contract/relocate: it declares no relocate(); lifetime/claims: it declares no probeDevice())`,
  );
  expect(cases.find(({ id }) => id === 'contract/assume')?.title).toMatch(/ \(skipped: it declares no assume\(\)\)$/);
  const all = driverConformance({ driver: virtioIommu(), machines: MACHINES.virtio });
  expect(all.filter(({ skip }) => skip !== undefined).map(({ id }) => id)).toEqual(['contract/relocate']);
});

test('skips what needs a machine of which all is known, where there is none', () => {
  const [machine] = MACHINES['intel-vtd'];
  const functions = machine?.pci?.functions.map(({ acs: _acs, ...rest }) => rest) ?? [];
  const cases = driverConformance({ driver: intelVtd(), machines: [{ ...machine, schema: 1, pci: { functions } }] });
  expect(
    cases.filter(({ skip }) => skip === 'of every machine given something is not known').map(({ id }) => id),
  ).toEqual(['uncertainty/bounds', 'uncertainty/named', 'uncertainty/settled']);
});

test('wants a machine in which the driver finds something', () => {
  expect(said('contract/finds-units', { driver: intelVtd(), machines: MACHINES.smmu })).toMatch(
    /^it finds no IOMMU in any of the \d+ machines: give one of its kind$/,
  );
});

test('finds on random machines what the one that is given does not show, names the seed, and makes the machine small', () => {
  const driver = fault('what is behind a fifth bus is taken to be isolated');
  const options = { driver, machines: MACHINES['intel-vtd'].slice(0, 1), seed: 7 };
  expect(said('partition/never-finer', { ...options, runs: 0 })).toBe('');
  const message = said('partition/never-finer', options);
  expect(message).toMatch(
    /^on a random machine: \S+ and \S+ cannot be told or kept apart, and are in two groups\nseed 7, machine \d+/,
  );
  expect(message.split('\n').filter((line) => line.includes('"address"')).length).toBeLessThan(20);
  expect(said('partition/never-finer', options)).toBe(message);
});

test('its README has a line for each fault that it is tried on', () => {
  const readme = readFileSync(join(root, 'packages/driver-testkit/README.md'), 'utf8');
  const listed = [...readme.matchAll(/^- \[([a-z-]+)\] (.*)$/gm)].map(([, theme, title]) => `${theme}: ${title}`);
  expect(listed).toEqual(FAULTS.map(({ theme, title, of }) => `${theme}: ${title} (${of})`));
});

/** A test file as the kit's README has it; where tests come from is what differs between runners. */
const testFile = (imports: string): string => `
${imports}
import vtd, { writeDmar } from '@iommu/driver-intel-vtd';
import { driverConformance } from '@iommu/driver-testkit';
import { endpoint, integratedEndpoint, layOut } from '@iommu/machine/build';

const pci = layOut([{ devices: [integratedEndpoint({ id: '8086:3e30' }), endpoint({ slot: 2 })] }]);
const firmware = { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } };
const machines = [{ schema: 1, kernel: { commandLine: 'intel_iommu=on' }, firmware, pci }];
const broken = { ...vtd(), name: process.env.KIT_BROKEN ? 'Not Kebab' : 'vtd' };
for (const { title, skip, run } of driverConformance({ driver: broken, machines, runs: 2 })) {
  (skip === undefined ? test : test.skip)(title, () => run());
}
`;

const require = createRequire(import.meta.url);

test.each([
  [
    'node:test',
    "import { test } from 'node:test';",
    ['--test', '--test-reporter=tap'],
    /# pass (\d+)[\s\S]*# fail (\d+)[\s\S]*# skipped (\d+)/,
  ],
  ['mocha', "import { it as test } from 'mocha';", [require.resolve('mocha/bin/mocha.js')], /(\d+) passing/],
])('runs under %s', (name, imports, words, summary) => {
  // Beside this file, from where the workspace's packages can be imported.
  const file = join(root, `tests/testkit/.sample-${name.replace(/\W+/g, '-')}.mjs`);
  writeFileSync(file, testFile(imports));
  try {
    const output = runTool(process.execPath, [...words, file]);
    const [, passed, failed = '0', skipped] = summary.exec(output) ?? [];
    expect([Number(passed) > 30, failed, skipped ?? /(\d+) pending/.exec(output)?.[1]]).toEqual([true, '0', '1']);
    const broken = () => runTool('env', ['KIT_BROKEN=1', process.execPath, ...words, file]);
    expect(broken).toThrow(/Not Kebab/);
  } finally {
    rmSync(file);
  }
});
