import type { Machine, MachineNote } from '@iommu/machine';
import { tryParsePciAddress } from '@iommu/pci';
import { orderedTopology, spelled } from './pci-tree.js';

const note = (code: string, message: string): MachineNote => ({ severity: 'warning', code, message });

/** `pci0000:00/0000:00:1c.0/0000:01:00.0/…` with every function's address as it is now. */
const followPath = (path: string, addresses: ReadonlyMap<string, string>): string =>
  path
    .split('/')
    .map((part) => (tryParsePciAddress(part) ? (addresses.get(spelled(part)) ?? part) : part))
    .join('/');

/**
 * The order in which the kernel found functions holds no longer. Where it was that of a plain scan it is again; else nobody
 * knows.
 */
const orderNotes = (machine: Machine): readonly MachineNote[] => {
  const { order } = machine.pci ?? {};
  if (!order) return [];
  const names = (known: readonly string[]) => orderedTopology(machine, known).devices.map(({ name }) => name);
  const scanned = names([]);
  if (names(order).every((name, at) => name === scanned[at])) return [];
  const message =
    'the kernel of this machine found its functions in another order than that of a scan; what the change does to it is not known, so the numbers of groups are a guess';
  return [note('order-unknown', message)];
};

/** Words of the command line that name addresses which now belong to something else. */
const commandLineNotes = (machine: Machine, addresses: ReadonlyMap<string, string>): MachineNote[] => {
  const commandLine = machine.kernel?.commandLine ?? '';
  const named = commandLine.match(/(?:[0-9a-f]{1,4}:)?[0-9a-f]{1,2}:[0-9a-f]{1,2}\.[0-7]/gi) ?? [];
  return [...new Set(named)].flatMap((text) => {
    const now = addresses.get(spelled(text));
    const moved = addresses.has(spelled(text)) && now !== spelled(text);
    return moved ? [note('command-line-address', `the command line names ${text}; that device is now ${now}`)] : [];
  });
};

/**
 * A machine whose functions were moved, with all else that names them following: probes, paths of other devices, the
 * order of discovery. What was observed of groups no longer holds.
 *
 * @param after - The machine with its functions as they are now, everything else as it was.
 */
export const followAddresses = (
  before: Machine,
  after: Machine,
  addresses: ReadonlyMap<string, string>,
): { readonly machine: Machine; readonly notes: readonly MachineNote[] } => {
  const { pci, probes, devices } = after;
  const { order: _order, ...rest } = pci ?? { functions: [] };
  const known = new Set(before.pci?.functions.map(({ address }) => spelled(address)));
  const followed = probes?.order.flatMap(({ device, driver }) => {
    const name = spelled(device);
    if (!known.has(name)) return [{ device, driver }];
    const now = addresses.get(name);
    return now === undefined ? [] : [{ device: now, driver }];
  });
  const isWhole = probes?.complete === true && rest.functions.length <= addresses.size;
  return {
    machine: {
      ...after,
      ...(pci && { pci: rest }),
      ...(probes && followed && { probes: { order: followed, ...(isWhole && { complete: true }) } }),
      ...(devices && { devices: devices.map((one) => ({ ...one, path: followPath(one.path, addresses) })) }),
    },
    notes: [...orderNotes(before), ...commandLineNotes(before, addresses)],
  };
};
