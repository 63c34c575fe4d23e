import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { nodeDevices, toNovaFixture, withoutIds } from '@iommu/export';
import { boot, type Machine } from '@iommu/machine';
import { expect, type TestContext, test } from 'vitest';
import { clientMachines, type Described, describeRecording, runProgram, shellInRun } from '../support/clients.js';
import { iommu } from '../support/command.js';
import { allDrivers } from '../support/drivers.js';
import { temporaryFolder } from '../support/fake-root.js';
import { WITH_LIBVIRTD } from '../support/libvirtd.js';
import { needsFuse, needsNamespaces, needsProgram, needsRoot } from '../support/needs.js';
import { readRecordings } from '../support/recordings.js';
import { isFull, runs, sampleOf } from '../support/sweep.js';

const authored = (name: string): Described => ({ file: `fixtures/authored/${name}.json`, groups: [] });

const recorded = async (name: string): Promise<Described> => {
  const [recording] = await readRecordings(name);
  if (!recording) throw new Error(`there is no recording ${name}`);
  return describeRecording(recording);
};

interface Case {
  readonly machine: () => Promise<Described> | Described;
  /** Where a configuration space was not read, libvirt goes by how long its file is: only a live view shows that. */
  readonly isLive?: boolean;
}

const MACHINES: readonly (readonly [name: string, one: Case])[] = [
  ['links, and a group of several functions', { machine: () => recorded('vtd/intel-003') }],
  ['a bus behind a bridge to PCI', { machine: () => authored('conventional-pci'), isLive: true }],
  ['a host bridge below a platform device', { machine: () => authored('arm-two-smmus'), isLive: true }],
  ...(isFull
    ? ([['256 virtual functions in two segments', { machine: () => authored('server-vfs'), isLive: true }]] as const)
    : []),
];

/** Members of a group in ascending order: libvirt lists them in that of a directory. */
const sorted = (xml: string): string =>
  xml
    .trimEnd()
    .replace(/(<iommuGroup [^>]*>\n)(.*?)(\n *<\/iommuGroup>)/s, (_, start: string, members: string, end: string) =>
      [start, members.split('\n').sort().join('\n'), end].join(''),
    );

const exported = ({ file }: Described): string => {
  const { status, stdout, stderr } = iommu(['export', file, '--format', 'libvirt-xml', '--quiet']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};

const devicesOf = (machine: Described): string[] => exported(machine).split(/(?<=<\/device>\n)/);

/** What libvirt itself prints of the same devices. */
const printedBy = (machine: Described, devices: readonly string[], flags: readonly string[]): string[] => {
  const names = devices.map((xml) => /<name>(.*?)</.exec(xml)?.[1]);
  const dumps = names.map((name) => `virsh nodedev-dumpxml ${name}; echo end`).join('\n');
  const { stdout } = shellInRun(machine, [WITH_LIBVIRTD, dumps].join('\n'), flags);
  return stdout
    .split(/^end\n/m)
    .slice(0, -1)
    .map(sorted);
};

const needsLibvirt = (context: TestContext): void => {
  needsNamespaces(context);
  needsRoot(context);
  needsProgram(context, 'libvirtd');
  needsProgram(context, 'virsh');
};

test.for(MACHINES)(
  '%s: libvirt itself, in a view of the machine, prints the same',
  async ([, { machine: machineOf, isLive }], context) => {
    needsLibvirt(context);
    if (isLive) needsFuse(context);
    const machine = await machineOf();
    const devices = devicesOf(machine);
    expect(devices.length).toBeGreaterThan(3);
    expect(printedBy(machine, devices, isLive ? [] : ['--static'])).toEqual(devices.map((xml) => xml.trimEnd()));
  },
);

test('recorded machines: libvirt itself, in a view of each, prints the same', { timeout: 900_000 }, async (context) => {
  needsLibvirt(context);
  for (const recording of sampleOf(await clientMachines(), runs(24, 1))) {
    const machine = describeRecording(recording);
    const devices = devicesOf(machine);
    expect(printedBy(machine, devices, ['--static']), recording.name).toEqual(devices.map((xml) => xml.trimEnd()));
  }
});

test.for(['workstation-gpu', 'server-vfs'])('virt-xml-validate accepts every device of %s', (name, context) => {
  needsProgram(context, 'virt-xml-validate');
  needsProgram(context, 'xmllint');
  const folder = join(temporaryFolder(), 'devices');
  const written = iommu(['export', `fixtures/authored/${name}.json`, '-f', 'libvirt-xml', '-q', '--to', `${folder}/`]);
  expect(written).toMatchObject({ status: 0, stdout: '', stderr: '' });
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(10);
  for (const file of files.slice(0, isFull ? undefined : 40)) {
    const { status, stdout, stderr } = runProgram(['virt-xml-validate', join(folder, file), 'nodedev']);
    expect({ file, status }, stdout + stderr).toEqual({ file, status: 0 });
  }
});

const python = (program: string, input: string): string => {
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};

test('Python reads the fixture of nova: the same devices by the same names', (context) => {
  needsProgram(context, 'python3');
  const file = 'fixtures/authored/workstation-gpu.json';
  const { stdout: fixture } = iommu(['export', file, '--format', 'nova', '--quiet']);
  const program = `
import json, sys, xml.etree.ElementTree
module = {}
exec(compile(sys.stdin.buffer.read(), 'fixture', 'exec'), module)
devices = module['NODE_DEVICES']
for name, text in devices.items():
    assert xml.etree.ElementTree.fromstring(text).findtext('name') == name
print(json.dumps(list(devices.values())))
`;
  expect((JSON.parse(python(program, fixture)) as string[]).join('')).toBe(exported({ file, groups: [] }));
});

const odd: Machine = {
  schema: 1,
  pci: {
    functions: [
      { address: '0000:00:00.0', id: '8086:29c0', class: '060000', express: null, acs: null },
      { address: '0000:00:01.0', class: '020000', express: null, acs: null },
    ],
  },
};

test('leaves out what has no ids, and says so', () => {
  const running = boot(odd, { drivers: allDrivers() });
  expect(nodeDevices(running).map(({ name }) => name)).toEqual(['pci_0000_00_00_0']);
  expect(withoutIds(running)).toEqual(['0000:00:01.0']);
  const words = ['export', '-', '--format', 'libvirt-xml'];
  expect(iommu(words, { input: JSON.stringify(odd) }).stderr).toContain('left out, for the input does not hold');
});

test('whatever a table calls a vendor comes out as it was', (context) => {
  needsProgram(context, 'python3');
  const name = '"""\\ \' </vendor> &amp; \\n \u0000 Grüße';
  const fixture = toNovaFixture(boot(odd, { drivers: allDrivers() }), { vendor: () => name, device: () => undefined });
  const program = `
import sys, xml.etree.ElementTree
module = {}
exec(compile(sys.stdin.buffer.read(), 'fixture', 'exec'), module)
[text] = module['NODE_DEVICES'].values()
sys.stdout.buffer.write(xml.etree.ElementTree.fromstring(text).findtext('capability/vendor').encode())
`;
  expect(python(program, fixture)).toBe(name.replace('\u0000', '\ufffd'));
});

test('a folder is for a format of several files', () => {
  const words = ['export', 'fixtures/authored/workstation-gpu.json', '--format', 'nova', '--to', temporaryFolder()];
  const { status, stdout, stderr } = iommu(words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/is a folder.*ERR_USAGE/);
});
