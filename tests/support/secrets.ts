import { type FileTree, readTar, type TreeEntry } from '@iommu/host';

/*
 * What nobody else may read, planted where machines have it. Each is looked for as bytes, and text also in capitals.
 */

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** Text, by what it is. */
const SECRET_TEXTS = {
  serial: 'WX-21D5-90777',
  mac: '9c:6b:00:5e:c4:a7',
  uuid: '7f0d5a52-93be-4c1e-8f7a-d1a2c3b4e5f6',
  machineId: 'c0ffee5a5293be4c1e8f7ad1a2c3b4e5',
  host: 'orthanc-9',
  user: 'curunir',
  word: 'rd.luks.key=mellon-mellon',
  disk: '/dev/mapper/orthanc-root',
  oem: 'ISENGD',
  oemTable: 'PALANTIR',
} as const;

/** The number of a Device Serial Number capability, and what the data register of Vital Product Data last read. */
const SECRET_BYTES: readonly Uint8Array[] = [
  Uint8Array.of(0xa7, 0xc4, 0x5e, 0xff, 0xfe, 0x00, 0x6b, 0x9c),
  Uint8Array.of(0x57, 0x58, 0x39, 0x37),
];

/** Which secrets stand in these bytes. */
export const secretsIn = (bytes: Uint8Array): string[] => {
  const haystack = Buffer.from(bytes).toString('latin1');
  const lower = haystack.toLowerCase();
  return [
    ...Object.values(SECRET_TEXTS).filter((text) => lower.includes(text.toLowerCase())),
    ...SECRET_BYTES.filter((secret) => haystack.includes(Buffer.from(secret).toString('latin1'))).map(String),
  ];
};

/** A configuration space with both kinds of numbers; as it was where there is no room for more capabilities. */
const plantInConfig = (config: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(config);
  const view = new DataView(copy.buffer);
  const [serial, data] = SECRET_BYTES as [Uint8Array, Uint8Array];
  if (copy.length >= 256 && copy[0x06]! & 0x10) {
    // Before the first of the list.
    copy.set([0x03, copy[0x34]!, 0x00, 0x80, ...data], 0xf8);
    copy[0x34] = 0xf8;
  }
  if (copy.length >= 4096 && view.getUint32(0x100, true) !== 0) {
    let last = 0x100;
    for (let next = last; next >= 0x100; next = view.getUint32(next, true) >>> 20) last = next;
    view.setUint32(last, view.getUint32(last, true) | (0xf00 << 20), true);
    view.setUint32(0xf00, 0x0001_0003, true);
    copy.set(serial, 0xf04);
  }
  return copy;
};

/** An ACPI table whose header says who owns it. */
const plantInTable = (table: Uint8Array): Uint8Array => {
  const copy = Uint8Array.from(table);
  copy.set(ascii(SECRET_TEXTS.oem), 10);
  copy.set(ascii(SECRET_TEXTS.oemTable), 16);
  copy[9] = 0;
  copy[9] = -copy.reduce((sum, byte) => sum + byte, 0);
  return copy;
};

const { serial, mac, uuid, machineId, host, user, word, disk, oem, oemTable } = SECRET_TEXTS;

/** Words that are of nobody's business but its owner's. */
const SECRET_WORDS = `BOOT_IMAGE=/${machineId}/vmlinuz root=${disk} ${word} systemd.machine_id=${machineId} ip=:::::${mac}`;

/** Lines of a log as kernels and services write them. */
export const SECRET_LINES: readonly string[] = [
  `[    0.000000] Linux version 6.1.0 (${user}@${host}) (gcc 12) #1 SMP`,
  `[    0.010000] ACPI: DMAR 0x000000007A5B0000 0000A8 (v01 ${oem} ${oemTable} 00000001 INTL 00000001)`,
  `[    0.020000] Unknown kernel command line parameters "${SECRET_WORDS}", will be passed to user space.`,
  '[    0.030000]   with environment:',
  `[    0.030000]     ${word}`,
  `[    1.000000] usb 1-1: SerialNumber: ${serial}`,
  `[    1.100000] pci 0000:00:1f.0: Serial Number ${serial}`,
  `[    1.200000] e1000e 0000:00:1f.6 eth0: (PCI Express:2.5GT/s:Width x1) ${mac}`,
  `[    1.300000] pci 0000:00:1f.0: volume ${uuid} of ${host.toUpperCase()}`,
  `[    1.400000] systemd[1]: Hostname set to <${host}>.`,
  `Nov 22 12:44:05 ${host} kernel: pci 0000:00:1f.0: machine ${machineId} mounts ${disk}`,
];

const encoder = new TextEncoder();
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

const plantInFile = (path: string, bytes: Uint8Array): Uint8Array => {
  if (path.endsWith('/config')) return plantInConfig(bytes);
  if (/(?:^|\/)acpi\/[A-Z]{4}$/.test(path)) return plantInTable(bytes);
  if (path.endsWith('cmdline.txt')) return encoder.encode(`${SECRET_WORDS} ${text(bytes)}`);
  if (!path.endsWith('dmesg.txt')) return bytes;
  const log = text(bytes).replace(/(ommand line: )/g, `$1${SECRET_WORDS} `);
  return encoder.encode(`${log}${SECRET_LINES.join('\n')}\n`);
};

/** Everything below a directory of a tree. */
const walk = (tree: FileTree, directory: string): TreeEntry[] =>
  tree.list(directory).flatMap((name) => {
    const path = directory === '' ? name : `${directory}/${name}`;
    const link = tree.link(path);
    const bytes = tree.read(path);
    if (link !== undefined) return [{ path, link }];
    return bytes ? [{ path, bytes }] : [{ path, directory: true as const }, ...walk(tree, path)];
  });

/** The entries of an archive, as they are. */
export const entriesOf = async (archive: Uint8Array): Promise<TreeEntry[]> => walk(await readTar(archive), '');

/** A recording with every secret in it, below a folder that is named for the host. */
export const planted = async (archive: Uint8Array): Promise<TreeEntry[]> => {
  const entries = await entriesOf(archive);
  const moved = entries.map((entry) => ({ ...entry, path: entry.path.replace(/^[^/]+/, host) }));
  const [device] = moved.flatMap(({ path }) => /^(.*\/[0-9a-f:]+\.[0-7])\/config$/.exec(path)?.[1] ?? []);
  return [
    ...moved.map((entry) => ('bytes' in entry ? { ...entry, bytes: plantInFile(entry.path, entry.bytes) } : entry)),
    { path: `${device}/vpd`, bytes: ascii(`\x90\x2a\0SN\x0d${serial}RV\x01\0`) },
    { path: `${device}/net/eth0/address`, bytes: ascii(`${mac}\n`) },
    { path: `${device}/of_node`, link: `../../../firmware/devicetree/${host}/pcie` },
    { path: `${host}/proc/sys/kernel/hostname`, bytes: ascii(`${host}\n`) },
    { path: `${host}/sys/class/dmi/id/product_uuid`, bytes: ascii(`${uuid}\n`) },
    { path: `${host}/sys/kernel/iommu_groups/0/name`, bytes: ascii(`of ${host}\n`) },
  ];
};
