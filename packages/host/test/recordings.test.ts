import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Machine, toBytes } from '@iommu/machine';
import { machineFromJson, machineToJson } from '@iommu/machine/json';
import { describe, expect, test } from 'vitest';
import { runs, sampled } from '../../../tests/support/sweep.js';
import { readMachine, readMachineBytes } from '../src/read-machine.js';
import { machineToTar } from '../src/write-tar.js';
import { type Expected, RECORDINGS, recordingBytes, recordingFile } from './support/recordings.js';
import { temporaryFolder } from './support/trees.js';

/** Without the bytes' own kinds of arrays, to be compared. */
const plain = (machine: Machine): unknown => JSON.parse(JSON.stringify(machineToJson(machine)));

/** Unpacked by another program than ours. */
const unpacked = (name: string): string => {
  const folder = temporaryFolder();
  execFileSync('tar', ['-xzf', recordingFile(name), '-C', folder]);
  return join(folder, readdirSync(folder)[0] ?? '');
};

describe.each(sampled(RECORDINGS, runs(RECORDINGS.length, 12)))('recording %s', (name) => {
  test('reads the same from its folder and from its archive', async () => {
    const folder = await readMachine(unpacked(name), { name });
    expect(plain(folder)).toEqual(plain(await readMachineBytes(recordingBytes(name), { name })));
  });

  test('reads what the recorded kernel says of itself, its devices and groups', async () => {
    const folder = unpacked(name);
    const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
    const { kernel, pci, observed } = await readMachine(folder);
    expect([kernel?.release, kernel?.commandLine]).toEqual([expected.kernel, expected.cmdline]);
    expect(observed?.units ?? []).toEqual(expected.iommus);
    expect(observed?.groups ?? []).toEqual(
      expected.groups.map(({ id, devices, type, reserved_regions }) => {
        return { id, devices: [...devices].sort(), type, reservedRegions: reserved_regions };
      }),
    );
    const devices = Object.entries(expected.devices).sort(([a], [b]) => (a < b ? -1 : 1));
    expect(pci?.functions.map(({ address, class: code, config }) => [address, code, config?.length])).toEqual(
      devices.map(([address, device]) => [address, device.class.slice(2), device.config_bytes]),
    );
    expect(pci?.functions.map(({ driver }) => driver ?? null)).toEqual(devices.map(([, { driver }]) => driver));
    const above = devices.map(([, { path }]) => path.split('/').at(-2) ?? '');
    expect(pci?.functions.map(({ parent }) => parent)).toEqual(
      above.map((directory) => (directory.startsWith('pci') ? null : directory)),
    );
  });

  test('survives being written as JSON', async () => {
    const machine = await readMachineBytes(recordingBytes(name), { name });
    expect(plain(machineFromJson(plain(machine)))).toEqual(plain(machine));
  });

  test('survives being written as an archive', async () => {
    const machine = await readMachineBytes(recordingBytes(name), { name });
    expect(plain(await readMachineBytes(await machineToTar(machine)))).toEqual(plain(machine));
  });

  test('keeps every byte that it read', async () => {
    const machine = await readMachineBytes(recordingBytes(name), { name });
    const again = machineFromJson(plain(machine));
    const bytes = ({ pci, firmware }: Machine) => [
      ...(pci?.functions ?? []).map(({ config = '' }) => [...toBytes(config, 'config')]),
      ...Object.values(firmware?.acpi ?? {}).map((table) => [...toBytes(table, 'table')]),
    ];
    expect(bytes(again)).toEqual(bytes(machine));
  });
});
