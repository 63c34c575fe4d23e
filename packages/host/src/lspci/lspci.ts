import type { Machine, MachineNote, MachinePciFunction, Observed } from '@iommu/machine';
import { addressKey, ConfigSpace, formatBus, parsePciAddress, readConfigFacts, tryParsePciAddress } from '@iommu/pci';
import { type LiftedText, liftHexRows } from '../hex-rows.js';
import { type PciIds, pciIds } from '../pci-ids.js';
import { isVmdId, segmentHosts } from '../segment-hosts.js';
import { type DeviceDetails, parseDetails } from './details.js';
import { type Identity, identify } from './identity.js';
import { type DeviceRecord, splitRecords } from './records.js';

interface Read {
  readonly address: string;
  readonly record: DeviceRecord;
  readonly details: DeviceDetails;
  readonly identity: Identity;
  /** Bytes of `-x`, if they say anything. */
  readonly config: Uint8Array | undefined;
}

/** How much of every device the dump holds. */
interface Scope {
  /** Capability lists were printed, and so a device without has none. */
  readonly capabilities: boolean;
  /** So for those above byte 255. */
  readonly extended: boolean;
  readonly drivers: boolean;
  /** Rows above byte 255 were printed: a device with fewer has no more. */
  readonly wholeConfig: boolean;
}

const usable = (config: Uint8Array): Uint8Array | undefined =>
  config.length >= 16 && config.some((byte) => byte !== 0xff) ? config : undefined;

/** Devices by their final address; the path form of `-P` leaves out bus numbers, which the bridges before tell. */
const readRecords = (text: LiftedText, ids: () => PciIds): Read[] => {
  /** The bus behind each bridge, `0000:02`, by the bridge's path. */
  const behind = new Map<string, string>();
  const found = new Map<string, Read>();
  for (const record of splitRecords(text)) {
    const { header } = record;
    const bus = header.above === undefined ? undefined : behind.get(header.above);
    const address = header.address.includes(':') ? header.address : bus && `${bus}:${header.address}`;
    const parsed = address === undefined ? undefined : tryParsePciAddress(address);
    if (address === undefined || !parsed) continue;
    const details = parseDetails(record.body);
    if (details.secondaryBus !== undefined) behind.set(header.path, formatBus(parsed.segment, details.secondaryBus));
    const config = usable(record.config);
    const read = { address, record, details, identity: identify(header, config, ids), config };
    const before = found.get(address);
    // A dump may list a device twice, once in words and once in bytes.
    found.set(address, before ? merge(before, read) : read);
  }
  return [...found.values()];
};

const merge = (first: Read, second: Read): Read => {
  const details = second.details.verbose || !first.details.verbose ? second.details : first.details;
  const config = (second.config?.length ?? 0) >= (first.config?.length ?? 0) ? second.config : first.config;
  return {
    ...first,
    identity: { ...first.identity, ...second.identity },
    details: { ...details, ...pickGroup(first.details, second.details) },
    record: { ...second.record, listedGroup: second.record.listedGroup ?? first.record.listedGroup },
    config,
  };
};

const pickGroup = (first: DeviceDetails, second: DeviceDetails) => ({
  group: second.group ?? first.group,
  driver: second.driver ?? first.driver,
});

/** What the words below a device say of its capabilities, where its bytes do not decide. */
const fromWords = ({ details, config }: Read, scope: Scope): Partial<MachinePciFunction> => {
  const { express, acs, denied, broken, capabilityList } = details;
  if (broken) return {};
  const read = details.verbose && !denied && (scope.capabilities || capabilityList === false);
  const needsExpress = (config?.length ?? 0) < 256;
  const needsAcs = (config?.length ?? 0) <= 256;
  return {
    ...(needsExpress && (express || (express === null && read)) && { express }),
    ...(needsAcs && acs && { acs }),
    ...(needsAcs && !acs && express !== null && read && scope.extended && { acs: null }),
  };
};

/** The layout of the header, for devices that were printed with anything below the first line. */
const headerOf = ({ details, identity, config }: Read): Partial<MachinePciFunction> => {
  const { verbose, broken, secondaryBus, subordinateBus } = details;
  if (config || broken || !verbose) return {};
  if (secondaryBus === undefined) return identity.class?.startsWith('0604') ? {} : { headerType: 0 };
  return {
    headerType: identity.class?.startsWith('0607') ? 2 : 1,
    secondaryBus,
    ...(subordinateBus !== undefined && { subordinateBus }),
  };
};

/** Attributes of sysfs that lspci prints. */
const attributesOf = ({ details: { irq, numaNode } }: Read): Partial<MachinePciFunction> =>
  irq === undefined && numaNode === undefined
    ? {}
    : { attributes: { ...(irq !== undefined && { irq }), ...(numaNode !== undefined && { numa_node: numaNode }) } };

const functionOf = (read: Read, scope: Scope, extra: Partial<MachinePciFunction>): MachinePciFunction => {
  const { address, details, identity, config } = read;
  const { id, class: classCode, revision } = identity;
  const length = config?.length ?? 0;
  const size = scope.wholeConfig && length >= 256 ? (length > 256 ? 4096 : 256) : undefined;
  return {
    address,
    ...(id !== undefined
      ? { id }
      : identity.vendor !== undefined && { id: `${identity.vendor.toString(16).padStart(4, '0')}:` }),
    ...(classCode !== undefined && { class: classCode }),
    ...(revision !== undefined && { revision }),
    ...(details.subsystem !== undefined && { subsystem: details.subsystem }),
    ...(read.record.header.names !== '' && { label: read.record.header.names }),
    ...(config && { config }),
    ...(size !== undefined && { configSize: size }),
    ...headerOf(read),
    ...fromWords(read, scope),
    ...(details.driver !== undefined
      ? { driver: details.driver }
      : scope.drivers && details.verbose && { driver: null }),
    ...extra,
  };
};

/** Virtual functions, by what their physical functions say of the numbers they take. */
const physicalFunctions = (reads: readonly Read[]): Map<string, string> => {
  const byKey = new Map(reads.map(({ address }) => [keyOf(address), address]));
  const physical = new Map<string, string>();
  for (const { address, details, config } of reads) {
    const fromBytes = config ? readConfigFacts(new ConfigSpace(config)).sriov : undefined;
    const sriov = fromBytes?.enabled ? fromBytes : fromBytes === undefined ? details.sriov : undefined;
    if (!sriov) continue;
    const { segment, rid } = parsePciAddress(address);
    for (let n = 0; n < Math.min(sriov.numVfs, 0xffff); n++) {
      const virtual = byKey.get(addressKey(segment, (rid + sriov.offset + n * sriov.stride) & 0xffff));
      if (virtual !== undefined && virtual !== address) physical.set(virtual, address);
    }
  }
  return physical;
};

const keyOf = (address: string): number => {
  const { segment, rid } = parsePciAddress(address);
  return addressKey(segment, rid);
};

const observedOf = (reads: readonly Read[]): Observed | undefined => {
  const groups = new Map<number, string[]>();
  let source: Observed['source'] = 'lspci';
  for (const { address, details, record } of reads) {
    const id = details.group ?? record.listedGroup;
    if (id === undefined) continue;
    if (details.group === undefined) source = 'listing';
    const members = groups.get(id);
    if (members) members.push(address);
    else groups.set(id, [address]);
  }
  if (groups.size === 0) return undefined;
  return { source, groups: [...groups].sort(([a], [b]) => a - b).map(([id, devices]) => ({ id, devices })) };
};

const note = (code: string, message: string): MachineNote => ({ severity: 'warning', code, message });

const notesOf = (reads: readonly Read[], scope: Scope): MachineNote[] => {
  const denied = reads.filter(({ details }) => details.denied).length;
  const broken = reads.filter(({ details }) => details.broken).length;
  const notes: MachineNote[] = [];
  if (denied > 0)
    notes.push(
      note('capabilities-denied', `the capabilities of ${denied} devices were not readable: run lspci as root`),
    );
  if (broken > 0) notes.push(note('device-unreadable', `${broken} devices did not answer when the dump was taken`));
  if (denied === 0 && !scope.capabilities)
    notes.push(note('capabilities-missing', 'the dump holds no capabilities: take it with lspci -vvvnn as root'));
  else if (denied === 0 && !scope.extended) {
    notes.push(
      note(
        'extended-missing',
        'the dump holds no capability above byte 255, where ACS is: take it with lspci -vvvnn as root',
      ),
    );
  }
  return notes;
};

/**
 * Read the output of lspci, of whatever verbosity, with names or numbers, with or without bytes, pasted however badly; and
 * listings by group in its style.
 *
 * @param ids - Names to ids, for a dump without numbers; default: the table of this system.
 * @returns `undefined` when there is not one device in the text.
 */
export const parseLspci = (text: string, ids: () => PciIds = pciIds): Machine | undefined =>
  lspciFromLifted(liftHexRows(new TextEncoder().encode(text)), ids);

/** `parseLspci()` of text whose rows of bytes are lifted out already. */
export const lspciFromLifted = (
  text: LiftedText,
  ids: () => PciIds = pciIds,
  attributes = false,
): Machine | undefined => {
  const reads = readRecords(text, ids);
  if (reads.length === 0) return undefined;
  const bytesBeyond = (length: number) => reads.some(({ config }) => (config?.length ?? 0) > length);
  const scope: Scope = {
    capabilities: reads.some(({ details }) => details.hasCapabilityLine) || bytesBeyond(255),
    extended: reads.some(({ details }) => details.hasExtended) || bytesBeyond(256),
    drivers: reads.some(({ details }) => details.driver !== undefined),
    wholeConfig: bytesBeyond(256),
  };
  const physical = physicalFunctions(reads);
  const hosts = segmentHosts(
    reads.map(({ address, identity, record }) => ({
      address,
      isHost: isVmdId(identity.id) || /Volume Management Device/i.test(record.header.names),
    })),
  );
  const functions = reads.map((read) => {
    const physicalFunction = physical.get(read.address);
    const segmentHost = hosts.get(parsePciAddress(read.address).segment);
    return functionOf(read, scope, {
      ...(physicalFunction !== undefined && { physicalFunction }),
      ...(segmentHost !== undefined && { segmentHost }),
      ...(attributes && attributesOf(read)),
    });
  });
  const observed = observedOf(reads);
  const notes = notesOf(reads, scope);
  return {
    schema: 1,
    pci: { functions },
    ...(observed && { observed }),
    ...(notes.length > 0 && { notes }),
  };
};
