import { machineToJson } from '@iommu/machine/json';
import { describe, expect, test } from 'vitest';
import { runs, sampled } from '../../../tests/support/sweep.js';
import { readText } from '../src/file-tree.js';
import { readMachineBytes } from '../src/read-machine.js';
import { readTar } from '../src/tar.js';
import { configBytes, hexRows } from './support/config-bytes.js';
import { logText } from './support/dmesg-text.js';
import { headLine, MACHINE, shortDump, verboseDump } from './support/lspci-text.js';
import { byteMutations, cuts, failures, mutations } from './support/malformed.js';
import { RECORDINGS, recordingBytes } from './support/recordings.js';
import { SMALL, sysfs } from './support/sysfs.js';
import { tarOfEntries } from './support/trees.js';

const BYTES = configBytes({ express: 0, acs: [0x1d, 0x1d], sriov: { numVfs: 2, offset: 0x80, stride: 2 } });
const VIRTUAL = { at: '01:00.0', express: 'Endpoint', sriov: [2, 128, 2] } as const;

const LISTING = MACHINE.map((device, at) => `IOMMU Group ${at}:\n\t${headLine(device)}\n`).join('');

const RECORD = `P: /devices/pci0000:00/0000:00:01.0
H: config=${[...BYTES.subarray(0, 64)].map((byte) => byte.toString(16).padStart(2, '0')).join('')}
A: class=0x060400\\n
L: driver=../../../bus/pci/drivers/pcieport

P: /devices/pci0000:00/0000:00:01.0/0000:01:00.0
A: class=0x020000\\n
A: vendor=0xf00d\\n
A: device=0x0110\\n
L: iommu_group=../../../../kernel/iommu_groups/4
`;

const TABLES = `DMAR @ 0x0000000000000000
    0000: 44 4D 41 52 40 00 00 00 01 00 46 4F 4F 20 20 20  DMAR@.....FOO
    0010: 46 4F 4F 20 20 20 20 20 01 00 00 00 00 00 00 00  FOO     ........
    0020: 00 00 00 00 2E 01 00 00 00 00 00 00 00 00 00 00  ................

MCFG @ 0x0000000000000000
    0000: 4D 43 46 47 3C 00 00 00                          MCFG<...
`;

const json = async (): Promise<string> =>
  JSON.stringify(machineToJson(await readMachineBytes(new TextEncoder().encode(verboseDump(MACHINE)))), null, 1);

const recordedLog = async (name: string): Promise<string> => {
  const tree = await readTar(recordingBytes(name));
  return readText(tree, `${tree.list('')[0]}/dmesg.txt`) ?? '';
};

const TEXTS: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['lspci -vvv', () => verboseDump([...MACHINE, VIRTUAL, { at: '01:10.0' }, { at: '10000:e0:06.0' }])],
  ['lspci', () => shortDump(MACHINE, 'names')],
  ['lspci -xxxx', () => `${shortDump(MACHINE.slice(0, 1))}${hexRows(BYTES)}\n${shortDump(MACHINE.slice(1))}`],
  ['lspci -P', () => verboseDump(MACHINE.slice(0, 3)).replaceAll(/^00:02/gm, '00:01.0/00')],
  ['a list by groups', () => LISTING],
  ['a log', () => logText('[    0.1] ')],
  ['a recorded log', () => recordedLog('rules/sriov-igb-2-vfs')],
  ['lspci, a log and tables', () => `${verboseDump(MACHINE)}${logText()}${TABLES}`],
  ['umockdev', () => RECORD],
  ['acpidump', () => TABLES],
  ['JSON', json],
];

describe.each(TEXTS)('%s', (_, make) => {
  test('cut anywhere is read, or refused by an IommuError', async () => {
    expect(await failures(cuts(await make()))).toEqual([]);
  });

  test('changed anywhere is read, or refused by an IommuError', async () => {
    expect(await failures(mutations(await make(), runs(3000, 150), 1))).toEqual([]);
  });
});

test('an archive cut or changed anywhere is read, or refused by an IommuError', async () => {
  const archive = await tarOfEntries({ ...sysfs(SMALL), 'acpi/DMAR': 'DMAR', 'dmesg.txt': logText() });
  expect(await failures(byteMutations(archive, runs(2000, 100), 2))).toEqual([]);
});

test('a packed archive cut or changed anywhere is read, or refused by an IommuError', async () => {
  const [name = ''] = sampled(RECORDINGS, 1, 3);
  expect(await failures(byteMutations(recordingBytes(name), runs(500, 30), 3))).toEqual([]);
});

const HEAD = '00:1f.0 ISA bridge [0601]: Foo Devices Card [f00d:0110]\n';
const ACS = `${HEAD}\tCapabilities: [100 v1] Access Control Services `;

/** Pieces that, a million characters of them, would take hours of a reader that starts over at each. */
const REPEATED: readonly (readonly [string, string, string])[] = [
  ['blank lines', '\n', ''],
  ['lines of blanks', '    \n', ''],
  ['comments', '#\n', ''],
  ['quoting', '> ', ''],
  ['openings of JSON', '{', ''],
  ['entities', '&lt;', ''],
  ['addresses', '00:1f.0 ', ''],
  ['steps', '/00.0', '00:1f.0'],
  ['words of a name', 'Foo Devices ', '00:1f.0 ISA bridge: '],
  ['brackets', '[f00d:', '00:1f.0 ISA bridge: '],
  ['lines of no meaning', 'abc\n', HEAD],
  ['subsystems', 'Subsystem: x ', `${HEAD}\t`],
  ['capabilities', 'Capabilities: [40] x ', `${HEAD}\t`],
  ['letters for flags', 'a', `${ACS}ACSCap:`],
  ['registers for flags', 'ACSCap:a', ACS],
  ['flags', 'a+', `${ACS}ACSCap:`],
  ['buses', 'Bus: primary=00, secondary=', `${HEAD}\t`],
  ['group headings', 'IOMMU group ', ''],
  ['group lines', 'a: Adding to iommu group ', ''],
  ['functions', '0000:00:00.0: ', '[f00d:0110] type '],
  ['units', 'DMAR: dmar0: ', ''],
  ['empty tables', 'DMAR @ 0x0\n    0000: 44 \n', ''],
  ['attributes', 'A: x=1\n', 'P: /devices/pci0000:00/0000:00:00.0\n'],
  ['directories', 'pci0000:00/', 'P: /devices/'],
];

test.each(REPEATED)('a million characters of %s do not hold the readers up', async (_, piece, start) => {
  const text = start + piece.repeat(1_000_000 / piece.length);
  expect(await failures([text])).toEqual([]);
});

test('a hundred thousand devices that join groups do not hold the readers up', async () => {
  const lines = Array.from({ length: 100_000 }, (_, at) => `pci d${at}: Adding to iommu group ${at}\n`);
  expect(await failures([lines.join('')])).toEqual([]);
});
