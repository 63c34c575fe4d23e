import { spawnSync } from 'node:child_process';
import { type AnsibleFact, ansibleFactSchema, toNfdFeatures } from '@iommu/export';
import { boot, type Machine } from '@iommu/machine';
import { conventionalDevice, endpoint, layOut, multifunction, pcieToPciBridge, rootPort } from '@iommu/machine/build';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { allDrivers } from '../support/drivers.js';
import { needsProgram } from '../support/needs.js';

const MACHINES = ['workstation-gpu', 'conventional-pci', 'arm-two-smmus', 'server-vfs', 'thunderbolt-laptop'].map(
  (name) => `fixtures/authored/${name}.json`,
);

interface Groups {
  readonly groups: readonly { readonly id: number; readonly type: string; readonly devices: readonly string[] }[];
  readonly ungrouped: readonly { readonly device: string }[];
}

const groupsOf = (file: string): Groups => JSON.parse(iommu(['groups', file, '--json', '--quiet']).stdout);

const exported = (file: string, format: string): string => {
  const { status, stdout, stderr } = iommu(['export', file, '--format', format, '--quiet']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};

describe('a local fact of Ansible', () => {
  test.each(MACHINES)('of %s is what its schema says, and says what `iommu groups` does', (file) => {
    const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(ansibleFactSchema);
    const fact: AnsibleFact = JSON.parse(exported(file, 'ansible'));
    expect(validate(fact), JSON.stringify(validate.errors)).toBe(true);
    const { groups, ungrouped } = groupsOf(file);
    expect(fact.groups).toEqual(groups.map(({ id, type, devices }) => ({ id, type, devices })));
    const members = groups.flatMap(({ id, devices }) => devices.map((device) => [device, id] as const));
    const others = ungrouped.map(({ device }) => [device, null] as const);
    expect(Object.entries(fact.devices).map(([device, { group }]) => [device, group])).toEqual(
      expect.arrayContaining([...members, ...others]),
    );
    expect(Object.keys(fact.devices)).toHaveLength(members.length + others.length);
  });

  test('names who goes with a device, bridges aside', () => {
    const { devices }: AnsibleFact = JSON.parse(exported(MACHINES[0] ?? '', 'ansible'));
    expect(devices['0000:01:00.0']?.companions).toEqual(['0000:01:00.1', '0000:02:00.0']);
    expect(devices['0000:04:00.0']?.companions).toEqual([]);
  });

  /** As Ansible reads a file of facts.d that is not executable: JSON, or else INI. */
  test('Python reads it as JSON, so that it is not taken for INI', (context) => {
    needsProgram(context, 'python3');
    const program = 'import json, sys; print(len(json.load(sys.stdin)["devices"]))';
    const input = exported(MACHINES[0] ?? '', 'ansible');
    expect(spawnSync('python3', ['-c', program], { input, encoding: 'utf8' }).stdout).toBe('13\n');
  });
});

/** A label of Kubernetes: 63 characters at most, letters and digits at both ends. */
const LABEL = /^(?=.{1,63}$)[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

const featuresIn = (text: string): Map<string, string> => {
  expect(text.endsWith('\n')).toBe(true);
  const pairs = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('=') as [string, string]);
  const features = new Map(pairs);
  expect(features.size).toBe(pairs.length);
  for (const pair of pairs) {
    expect(pair).toHaveLength(2);
    for (const part of pair) expect(part).toMatch(LABEL);
  }
  return features;
};

describe('features for Node Feature Discovery', () => {
  test.each(MACHINES)('of %s are labels, and count what `iommu groups` lists', (file) => {
    const features = featuresIn(exported(file, 'nfd'));
    expect(features.get('iommu-groups.count')).toBe(String(groupsOf(file).groups.length));
    // 256 virtual functions are one kind.
    expect(features.size).toBeLessThan(16);
  });

  test('tell functions that have their group to themselves from others, card by card', () => {
    expect(exported(MACHINES[0] ?? '', 'nfd').split('\n')).toEqual(
      expect.arrayContaining([
        'iommu-groups.alone-0200_8086=1',
        'iommu-groups.shared-0300_10de=1',
        'iommu-groups.shared-0403_10de=1',
        'iommu-groups.alone-0c05_8086=1',
      ]),
    );
  });

  test('count what has no group, and what the input does not tell, as just that', () => {
    const gpu = multifunction(
      endpoint({ id: '10de:2684', class: '030000' }),
      endpoint({ id: '10de:22ba', class: '040300' }),
    );
    const bus = [1, 2].map((slot) => conventionalDevice({ slot, id: '1102:0004', class: '040100' }));
    const pci = layOut([
      {
        devices: [
          rootPort({ slot: 1, acs: true, id: '8086:1905' }, [gpu]),
          rootPort({ slot: 2, acs: true, id: '8086:1905' }, [pcieToPciBridge({}, bus)]),
        ],
      },
    ]);
    const features = (machine: Omit<Machine, 'schema'>) =>
      featuresIn(toNfdFeatures(boot({ schema: 1, ...machine }, { drivers: allDrivers() })));
    expect([...features({ pci })]).toEqual([
      ['iommu-groups.count', '4'],
      ['iommu-groups.alone-0300_10de', '1'],
      ['iommu-groups.alone-0403_10de', '1'],
      ['iommu-groups.shared-0401_1102', '2'],
    ]);
    const without = { ...pci, functions: pci.functions.map(({ acs: _, ...rest }) => rest) };
    expect(features({ pci: without }).get('iommu-groups.unsure-0300_10de')).toBe('1');
    expect(features({ pci, firmware: { acpi: {} } }).get('iommu-groups.none-0300_10de')).toBe('1');
  });
});
