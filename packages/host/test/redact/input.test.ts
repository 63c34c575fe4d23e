import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isIommuError } from '@iommu/core';
import { sealAcpiTable } from '@iommu/firmware';
import { describe, expect, test } from 'vitest';
import { random, runs } from '../../../../tests/support/sweep.js';
import { parseAcpidump } from '../../src/acpidump.js';
import { readMachineBytes } from '../../src/read-machine.js';
import { type Redacted, redactBytes, redactPath } from '../../src/redact/input.js';
import { entriesToTar } from '../../src/tree-entries.js';
import { machineToTar } from '../../src/write-tar.js';
import { configBytes, hexRows } from '../support/config-bytes.js';
import { RECORDINGS, recordingBytes } from '../support/recordings.js';
import { folderOf, temporaryFolder } from '../support/trees.js';

const SERIAL = [0xa7, 0xc4, 0x5e, 0xff, 0xfe, 0x00, 0x6b, 0x9c];
const TEXTS = /WX-90777|orthanc|WX9077|PALANTIR|mellon|9c:6b:00:5e:c4:a7|a7 c4 5e ff|a7c45eff/i;

const config = (): Uint8Array => {
  const bytes = configBytes({ express: 4, acs: [0x1d, 0x1d] });
  const view = new DataView(bytes.buffer);
  view.setUint32(0x100, 0x0001_000d | (0x140 << 20), true);
  view.setUint32(0x140, 0x0001_0003, true);
  bytes.set(SERIAL, 0x144);
  return bytes;
};

const table = sealAcpiTable(
  Buffer.from(`DMAR....\x01.WX9077PALANTIR\x01\0\0\0INTL\x07\0\0\0${'\x26\x05'.repeat(20)}`, 'latin1'),
);

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

const text = async (bytes: Uint8Array): Promise<string> => {
  const redacted = await redactBytes(bytes);
  if (redacted.kind !== 'file') throw new Error(`text became a ${redacted.kind}`);
  expect(await redactBytes(redacted.bytes)).toEqual(redacted);
  return Buffer.from(redacted.bytes).toString();
};

const acpidumpOf = (name: string, bytes: Uint8Array): string =>
  `${name} @ 0x000000007A5B0000\n${hexRows(bytes)
    .split('\n')
    .filter(Boolean)
    .map(
      (row, at) =>
        `    ${(at * 16).toString(16).padStart(4, '0').toUpperCase()}: ${row.slice(row.indexOf(' ') + 1).toUpperCase()}  ${Buffer.from(
          bytes.subarray(at * 16, at * 16 + 16),
        )
          .toString('latin1')
          .replace(/[^ -~]/g, '.')}`,
    )
    .join('\n')}\n\n`;

const LSPCI = `curunir@orthanc:~$ sudo lspci -vvvnnxxxx
00:1c.0 PCI bridge [0604]: Intel Corporation Device [8086:a338] (rev f0)
\tBus: primary=00, secondary=01, subordinate=01, sec-latency=0
\tCapabilities: [40] Express (v2) Root Port (Slot+), MSI 00
\tCapabilities: [140 v1] Device Serial Number a7-c4-5e-ff-fe-00-6b-9c
\tIOMMU group: 3
> ${hexRows(config()).trimEnd().replaceAll('\n', '\n> ')}
[    1.000000] e1000e 0000:00:1f.6: 9c:6b:00:5e:c4:a7 serial number WX-90777 on orthanc
`;

describe('keeps the kind of what it redacts', () => {
  test('lspci text with rows of bytes', async () => {
    const redacted = await text(bytesOf(LSPCI));
    expect(redacted).not.toMatch(TEXTS);
    expect(redacted).not.toContain('5e-ff');
    expect(redacted.split('\n')).toHaveLength(LSPCI.split('\n').length);
    const [before, after] = [await readMachineBytes(bytesOf(LSPCI)), await readMachineBytes(bytesOf(redacted))];
    expect(after.observed).toEqual(before.observed);
    const [fn] = after.pci?.functions ?? [];
    expect(fn).toEqual({ ...before.pci?.functions[0], config: expect.anything() });
    const bytes = Buffer.from((fn?.config ?? '') as Uint8Array);
    expect(bytes.subarray(0x144, 0x14c)).toEqual(Buffer.alloc(8));
    expect(bytes).toHaveLength(4096);
  });

  test('acpidump text: characters beside the bytes too, and nothing of other tables', async () => {
    const keys = sealAcpiTable(Buffer.from(`MSDM....\x01.WX9077PALANTIR${'\0'.repeat(12)}mellon-mellon`, 'latin1'));
    const dump = `${acpidumpOf('MSDM', keys)}${acpidumpOf('DMAR', table)}`;
    expect(dump).toMatch(TEXTS);
    const redacted = await text(bytesOf(dump));
    expect(redacted).not.toMatch(TEXTS);
    expect(redacted).not.toContain('MSDM');
    const after = parseAcpidump(redacted)['DMAR'];
    expect(after?.subarray(36)).toEqual(Uint8Array.from(table.subarray(36)));
  });

  test('one table', async () => {
    const redacted = await redactBytes(table);
    expect(redacted.kind).toBe('file');
    expect(Buffer.from((redacted as { bytes: Uint8Array }).bytes).toString('latin1')).not.toMatch(TEXTS);
  });

  test('a machine as JSON, and as an archive with it', async () => {
    const machine = {
      schema: 1 as const,
      name: 'orthanc',
      kernel: { release: '6.1.0', commandLine: 'root=/dev/mellon iommu=pt' },
      firmware: { acpi: { DMAR: table, MSDM: table } },
      pci: {
        functions: [{ address: '0000:00:1c.0', config: config(), label: 'of 9c:6b:00:5e:c4:a7' }],
        acsReadUnder: { release: '5.10', commandLine: 'root=/dev/mellon iommu=off' },
      },
      devices: [{ name: 'orthanc.auto', bus: 'platform', path: 'platform/orthanc.auto' }],
      observed: { source: 'sysfs' as const, groups: [{ id: 0, devices: ['orthanc.auto'], name: 'of orthanc' }] },
      notes: [{ severity: 'info' as const, code: 'x', message: 'seen on orthanc' }],
    };
    const { machineToJson } = await import('@iommu/machine/json');
    const json = await text(bytesOf(JSON.stringify(machineToJson(machine))));
    expect(json).not.toMatch(TEXTS);
    const after = await readMachineBytes(bytesOf(json));
    expect(after.kernel?.commandLine).toBe('iommu=pt');
    expect(after.pci?.acsReadUnder).toEqual({ release: '5.10', commandLine: 'iommu=off' });
    expect(Object.keys(after.firmware?.acpi ?? {})).toEqual(['DMAR']);
    expect(after.devices?.[0]?.name).toBe(after.observed?.groups[0]?.devices[0]);
    const redacted = (await redactBytes(await machineToTar(machine))) as Extract<Redacted, { entries: unknown }>;
    const tar = await entriesToTar(redacted.entries);
    expect(Buffer.from(tar).toString('latin1')).not.toMatch(TEXTS);
    expect(Buffer.from(tar).includes(Buffer.from(SERIAL))).toBe(false);
    expect({ ...(await readMachineBytes(tar)), name: '' }).toEqual({ ...after, name: '' });
  });

  test('a umockdev record: only what concerns grouping', async () => {
    const record = [
      'P: /devices/pci0000:00/0000:00:1c.0',
      'N: orthanc',
      'E: ID_SERIAL=WX-90777',
      'E: PCI_ID=8086:A338',
      'A: vendor=0x8086',
      'A: of_serial=WX-90777',
      'L: iommu_group=../../../kernel/iommu_groups/3',
      'L: driver=../../../bus/pci/drivers/pcieport',
      `H: config=${Buffer.from(config()).toString('hex')}`,
      `H: vpd=${Buffer.from('WX-90777').toString('hex')}`,
      '',
      'P: /devices/pci0000:00/0000:00:14.0/usb1/1-1',
      'A: serial=WX-90777',
      '',
    ].join('\n');
    const redacted = await text(bytesOf(record));
    expect(redacted).not.toMatch(TEXTS);
    expect(redacted.split('\n').map((line) => line.slice(0, 16))).toEqual([
      'P: /devices/pci0',
      'E: PCI_ID=8086:A',
      'A: vendor=0x8086',
      'L: iommu_group=.',
      'L: driver=../../',
      'H: config=0df010',
      '',
    ]);
    const [before, after] = [await readMachineBytes(bytesOf(record)), await readMachineBytes(bytesOf(redacted))];
    expect(after.observed).toEqual(before.observed);
    expect(after.pci?.functions.map(({ address }) => address)).toEqual(['0000:00:1c.0']);
  });

  test('a folder of loose files, under names that say nothing', async () => {
    const folder = folderOf({
      'orthanc-lspci.txt': LSPCI,
      'orthanc.aml': table,
      'photo.jpg': Uint8Array.of(1, 2, 3),
      'palantir.log': '[    0.000000] Command line: secret=mellon iommu=pt\n[    0.1] x orthanc\n',
    });
    const redacted = await redactPath(folder);
    if (redacted.kind !== 'folder') throw new Error(`a folder became a ${redacted.kind}`);
    expect(redacted.entries.map(({ path }) => path)).toEqual(['dump-01.txt', 'dump-02.dat', 'dump-03.txt']);
    const all = Buffer.concat(redacted.entries.map((entry) => ('bytes' in entry ? entry.bytes : new Uint8Array())));
    expect(all.toString('latin1')).not.toMatch(TEXTS);
  });
});

describe('refuses what is no description of a machine', () => {
  test.each<[string, Uint8Array, string]>([
    ['prose', bytesOf('serial number WX-90777'), 'ERR_HOST_INPUT'],
    ['text of two bytes a character', Buffer.from(LSPCI, 'utf16le'), 'ERR_HOST_INPUT'],
    ['nothing', new Uint8Array(), 'ERR_HOST_INPUT'],
    ['JSON that is cut', bytesOf('{"schema":1,'), 'ERR_HOST_INPUT'],
    ['JSON of something else', bytesOf('{"name":"x"}'), 'ERR_MACHINE'],
    ['gzip of nothing', gzipSync(''), 'ERR_HOST_INPUT'],
    ['gzip that is cut', gzipSync('x'.repeat(9999)).subarray(0, 20), 'ERR_HOST_ARCHIVE'],
  ])('%s', async (_, bytes, code) => {
    await expect(redactBytes(bytes, 'my dump')).rejects.toMatchObject({ code });
  });

  test('a path that is not there, and a folder without a dump', async () => {
    await expect(redactPath('/no/such/file')).rejects.toMatchObject({ code: 'ERR_HOST_INPUT' });
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'x'));
    writeFileSync(join(folder, 'y'), 'z');
    await expect(redactPath(folder)).rejects.toMatchObject({ code: 'ERR_HOST_INPUT' });
  });
});

test('throws coded errors only, whatever is done to an input', async () => {
  const next = random(3);
  const inputs = [bytesOf(LSPCI), table, bytesOf(acpidumpOf('DMAR', table)), recordingBytes(RECORDINGS[0] ?? '')];
  for (let left = runs(600, 120); left > 0; left--) {
    const bytes = Uint8Array.from(inputs[next(inputs.length)] ?? []);
    for (let changes = 1 + next(20); changes > 0; changes--) bytes[next(bytes.length)] = next(256);
    try {
      await redactBytes(bytes.subarray(0, next(4) === 0 ? next(bytes.length) : undefined));
    } catch (error) {
      if (!isIommuError(error)) throw error;
    }
  }
});
