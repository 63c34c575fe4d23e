import type { Change } from '@iommu/analysis';
import { drawnBehind, type QemuDevice } from './qemu-hardware.js';

/** `change.json` of a machine that was recorded twice: the one change between, in words and in fields. */
export interface RecordedChange {
  readonly name: string;
  readonly change: string;
  readonly kind: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly topology: { readonly added: readonly QemuDevice[]; readonly removed: readonly QemuDevice[] };
  readonly settings: {
    readonly acpi_override?: { readonly after: Readonly<Record<string, string>> | null };
  };
  /** Of each device by its id; `null`: it is not there. */
  readonly addresses: Readonly<Record<string, { readonly before: string | null; readonly after: string | null }>>;
}

type Translator = (change: RecordedChange) => Change[];

const before = ({ addresses }: RecordedChange, id: string): string => {
  const address = addresses[id]?.before;
  if (!address) throw new Error(`${id} is not there before the change`);
  return address;
};

/** Fields of a change, taken for what the recordings' harness writes. */
const field = <T>({ fields, name }: RecordedChange, of: string): T => {
  if (!(of in fields)) throw new Error(`${name}: change.json has no field ${of}`);
  return fields[of] as T;
};

const addAt = (change: RecordedChange): Change => {
  const port = field<string>(change, 'port');
  const devices = drawnBehind(change.topology.added, port);
  return { kind: 'add', card: { name: 'recorded', brief: change.change, devices }, to: before(change, port) };
};

/** Only what is not behind something else that goes. */
const removeAll = (change: RecordedChange): Change[] => {
  const gone = new Set(field<string[]>(change, 'removed'));
  const outermost = change.topology.removed.filter(({ id, bus }) => id !== undefined && gone.has(id) && !gone.has(bus));
  return outermost.map(({ id = '' }) => ({ kind: 'remove', device: before(change, id) }));
};

const moveOrSwap: Translator = (change) => {
  if ('device' in change.fields) {
    const device = before(change, field(change, 'device'));
    return [{ kind: 'move', device, to: before(change, field(change, 'to_port')) }];
  }
  const [a, b, ...more] = Object.keys(field<Record<string, unknown>>(change, 'devices'));
  if (a === undefined || b === undefined || more.length > 0) throw new Error(`${change.name}: expected two devices`);
  return [{ kind: 'swap', device: before(change, a), with: before(change, b) }];
};

/** By the kind of a change. */
const TRANSLATORS: Readonly<Record<string, Translator>> = {
  add: (change) => [addAt(change)],
  replace: (change) => [...removeAll(change), addAt(change)],
  remove: removeAll,
  move: moveOrSwap,
  acs: (change) => [{ kind: 'acs', device: before(change, field(change, 'port')), on: field(change, 'acs') }],
  cmdline: (change) => [{ kind: 'command-line', words: field(change, 'add') }],
  kernel: (change) => [{ kind: 'kernel', release: field(change, 'to') }],
  readdress: (change) =>
    Object.entries(field<Record<string, [string, string]>>(change, 'moved')).map(([id, [, to]]) => {
      const device = before(change, id);
      return { kind: 'readdress', device, to: `${device.slice(0, -4)}${to}` };
    }),
  scope: (change) => [
    { kind: 'bypass', bus: `0000:${field<number>(change, 'root_bus').toString(16).padStart(2, '0')}` },
  ],
  sriov: (change) => {
    const [, count = 0] = field<number[]>(change, 'sriov_numvfs');
    const there = field<string[]>(change, 'devices').flatMap((id) => change.addresses[id]?.before ?? []);
    return there.map((device) => ({ kind: 'vfs', device, count }));
  },
  'firmware-table': (change) => {
    const table = field<string>(change, 'table');
    const bytes = change.settings.acpi_override?.after?.[table];
    if (bytes === undefined) throw new Error(`${change.name}: the table after the change is not recorded`);
    return [{ kind: 'table', table, bytes }];
  },
};

/** A recorded change as one of the model's; nothing here knows any single recording. */
export const changesOf = (change: RecordedChange): Change[] => {
  const translate = TRANSLATORS[change.kind];
  if (!translate) throw new Error(`${change.name}: no change of the model is of the kind ${change.kind}`);
  return translate(change);
};
