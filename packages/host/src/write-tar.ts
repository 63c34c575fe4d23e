import { buffer } from 'node:stream/consumers';
import { type Machine, type MachinePciFunction, toBytes } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import { formatBus, parsePciAddress } from '@iommu/pci';
import { type Pack, pack } from 'tar-stream';

/** A reproducible archive: no owner, no time. */
const EPOCH = new Date(0);

const file = (archive: Pack, name: string, content: string | Uint8Array): void => {
  archive.entry({ name, mode: 0o644, mtime: EPOCH }, Buffer.from(content as Uint8Array));
};

const link = (archive: Pack, name: string, linkname: string): void => {
  archive.entry({ name, type: 'symlink', linkname, mode: 0o777, mtime: EPOCH });
};

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

const writeFunctions = (archive: Pack, functions: readonly MachinePciFunction[]): void => {
  const paths = directories(functions);
  for (const fn of functions) {
    const path = paths.get(fn.address) ?? '';
    const [vendor, device] = fn.id?.split(':') ?? [];
    const attribute = (name: string, value: string | undefined) =>
      value && file(archive, `sys/${path}/${name}`, `0x${value}\n`);
    if (fn.config) file(archive, `sys/${path}/config`, toBytes(fn.config, `${fn.address}.config`));
    attribute('vendor', vendor);
    attribute('device', device);
    attribute('class', fn.class);
    attribute('revision', fn.revision);
    if (fn.driver)
      link(archive, `sys/${path}/driver`, `${'../'.repeat(path.split('/').length)}bus/pci/drivers/${fn.driver}`);
    if (fn.physicalFunction) link(archive, `sys/${path}/physfn`, `../${fn.physicalFunction}`);
    link(archive, `sys/bus/pci/devices/${fn.address}`, `../../../${path}`);
  }
};

/**
 * A machine as a tar archive: `machine.json` with everything, and beside it, for other programs, the sysfs files and
 * firmware tables that it holds the bytes of.
 */
export const machineToTar = async (machine: Machine): Promise<Uint8Array> => {
  const archive = pack();
  const whole = buffer(archive);
  file(archive, 'machine.json', `${JSON.stringify(machineToJson(machine), null, 2)}\n`);
  const { kernel, firmware, pci } = machine;
  if (kernel?.release !== undefined) file(archive, 'uname.txt', `${kernel.release}\n`);
  if (kernel?.commandLine !== undefined) file(archive, 'cmdline.txt', `${kernel.commandLine}\n`);
  for (const [name, bytes] of Object.entries(firmware?.acpi ?? {})) file(archive, `acpi/${name}`, toBytes(bytes, name));
  if (firmware?.deviceTree) file(archive, 'fdt', toBytes(firmware.deviceTree, 'device tree'));
  writeFunctions(archive, pci?.functions ?? []);
  archive.finalize();
  return whole;
};
