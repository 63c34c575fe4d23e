import { type Machine, type MachinePciFunction, toBytes } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import { formatBus, parsePciAddress } from '@iommu/pci';
import { entriesToTar, type TreeEntry } from './tree-entries.js';

const encoder = new TextEncoder();

const file = (path: string, content: string | Uint8Array): TreeEntry => ({
  path,
  bytes: typeof content === 'string' ? encoder.encode(content) : content,
});

/** A bus can sit 255 bridges deep. */
const MAX_DEPTH = 256;

/** Directory of each function below `devices`, nested as its bridges are. */
const directories = (functions: readonly MachinePciFunction[]): Map<string, string> => {
  const byAddress = new Map(functions.map((fn) => [fn.address, fn]));
  const known = new Map<string, string>();
  const directory = (address: string, depth: number): string => {
    const { segment, rid } = parsePciAddress(address);
    const fn = byAddress.get(address);
    // A description may name itself as its own parent or host.
    const next = depth < MAX_DEPTH ? (fn?.parent ?? fn?.segmentHost) : undefined;
    const above = next ? directory(next, depth + 1) : 'devices';
    const path = fn?.parent ? `${above}/${address}` : `${above}/pci${formatBus(segment, rid >> 8)}/${address}`;
    known.set(address, path);
    return path;
  };
  for (const { address } of functions) directory(address, 0);
  return known;
};

const functionEntries = (functions: readonly MachinePciFunction[]): TreeEntry[] => {
  const paths = directories(functions);
  return functions.flatMap((fn) => {
    const path = paths.get(fn.address) ?? '';
    const [vendor, device] = fn.id?.split(':') ?? [];
    const attribute = (name: string, value: string | undefined): TreeEntry[] =>
      value ? [file(`sys/${path}/${name}`, `0x${value}\n`)] : [];
    const link = (name: string, to: string): TreeEntry => ({ path: `sys/${name}`, link: to });
    const up = '../'.repeat(path.split('/').length);
    return [
      ...(fn.config ? [file(`sys/${path}/config`, toBytes(fn.config, `${fn.address}.config`))] : []),
      ...attribute('vendor', vendor),
      ...attribute('device', device),
      ...attribute('class', fn.class),
      ...attribute('revision', fn.revision),
      ...(fn.driver ? [link(`${path}/driver`, `${up}bus/pci/drivers/${fn.driver}`)] : []),
      ...(fn.physicalFunction ? [link(`${path}/physfn`, `../${fn.physicalFunction}`)] : []),
      link(`bus/pci/devices/${fn.address}`, `../../../${path}`),
    ];
  });
};

/**
 * A machine as the files of an archive: `machine.json` with everything, and beside it, for other programs, the sysfs
 * files and firmware tables that it holds the bytes of.
 */
export const machineToEntries = (machine: Machine): TreeEntry[] => {
  const { kernel, firmware, pci } = machine;
  return [
    file('machine.json', `${JSON.stringify(machineToJson(machine), null, 2)}\n`),
    ...(kernel?.release === undefined ? [] : [file('uname.txt', `${kernel.release}\n`)]),
    ...(kernel?.commandLine === undefined ? [] : [file('cmdline.txt', `${kernel.commandLine}\n`)]),
    ...Object.entries(firmware?.acpi ?? {}).map(([name, bytes]) => file(`acpi/${name}`, toBytes(bytes, name))),
    ...(firmware?.deviceTree ? [file('fdt', toBytes(firmware.deviceTree, 'device tree'))] : []),
    ...functionEntries(pci?.functions ?? []),
  ];
};

/** A machine as a tar archive, with `machine.json` in it and, for other programs, sysfs files and firmware tables. */
export const machineToTar = (machine: Machine): Promise<Uint8Array> => entriesToTar(machineToEntries(machine));
