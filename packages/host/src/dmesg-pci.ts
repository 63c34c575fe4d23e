import type { MachinePciFunction } from '@iommu/machine';
import { addressKey, type PcieTypeName, parsePciAddress } from '@iommu/pci';
import { isVmdId, segmentHosts } from './segment-hosts.js';

const ADDRESS = '([0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7])';
/** `pci 0000:00:1c.0: [8086:8c10] type 01 class 0x060400 PCIe Root Port`, or as much of it as a cut line holds. */
const FOUND = new RegExp(
  `${ADDRESS}: \\[([0-9a-f]{4}):([0-9a-f]{4})\\] type ([0-9a-f]{2})\\b(?: class (?:0x)?([0-9a-f]{6})(?: (.*))?$)?`,
);
/** `pci 0000:00:1c.0: PCI bridge to [bus 01-02]` */
const BRIDGE = new RegExp(`${ADDRESS}: (?:PCI|CardBus) bridge to \\[bus ([0-9a-f]{2})(?:-([0-9a-f]{2}))?\\]`);

/** How releases since 6.9 name the kind of device; older ones do not say. */
const KINDS: readonly (readonly [RegExp, PcieTypeName | null])[] = [
  [/^conventional PCI/, null],
  [/^PCIe Root Port/, 'root-port'],
  [/^PCIe Switch Upstream Port/, 'upstream-port'],
  [/^PCIe Switch Downstream Port/, 'downstream-port'],
  [/^PCIe to PCI\/PCI-X bridge/, 'pcie-to-pci-bridge'],
  [/^PCI\/PCI-X to PCIe bridge/, 'pci-to-pcie-bridge'],
  [/^PCIe Root Complex Integrated Endpoint/, 'rc-endpoint'],
  [/^PCIe Root Complex Event Collector/, 'rc-event-collector'],
  [/^PCIe Legacy Endpoint/, 'legacy-endpoint'],
  [/^PCIe Endpoint/, 'endpoint'],
];

const kindOf = (text: string | undefined): PcieTypeName | null | undefined =>
  text === undefined ? undefined : KINDS.find(([pattern]) => pattern.test(text))?.[1];

const GONE = new RegExp(`${ADDRESS}: Removing from iommu group`);

const requesterId = (address: string): number => {
  const { segment, rid } = parsePciAddress(address);
  return addressKey(segment, rid);
};

/**
 * Whether a driver only looked at the sideband bridge of an Intel chipset, which firmware hides: it is found alone, long
 * after its bus was scanned, and hidden again.
 *
 * @see Linux v6.9 drivers/platform/x86/p2sb.c p2sb_scan_and_cache()
 */
const isPeek = ({ address, id, class: code }: MachinePciFunction, scanned: ReadonlyMap<number, number>): boolean => {
  const key = requesterId(address);
  return code === '058000' && id?.startsWith('8086:') === true && (scanned.get(key >> 8) ?? -1) > key;
};

/**
 * The PCI functions that a kernel's log lists as it finds them: ids, classes and bus numbers, no capabilities; without
 * those that it saw go.
 */
export const parseDmesgPci = (lines: Iterable<string>): MachinePciFunction[] => {
  const functions = new Map<string, MachinePciFunction>();
  /** The highest function of each bus that was found so far. */
  const scanned = new Map<number, number>();
  for (const line of lines) {
    const found = foundOn(line);
    if (found) {
      if (isPeek(found, scanned)) continue;
      functions.set(found.address, found);
      const key = requesterId(found.address);
      scanned.set(key >> 8, Math.max(key, scanned.get(key >> 8) ?? -1));
      continue;
    }
    const gone = GONE.exec(line)?.[1];
    if (gone !== undefined) functions.delete(gone);
    const bridge = bridgeOn(line);
    const known = bridge && functions.get(bridge.address);
    if (known) functions.set(known.address, { ...known, ...bridge });
  }
  return withSegmentHosts([...functions.values()]);
};

const foundOn = (line: string): MachinePciFunction | undefined => {
  const found = FOUND.exec(line);
  if (!found) return undefined;
  const [, address = '', vendor, device, type = '', code, kind] = found;
  const express = kindOf(kind);
  return {
    address,
    id: `${vendor}:${device}`,
    ...(code !== undefined && { class: code }),
    headerType: Number.parseInt(type, 16) & 0x7f,
    ...(express !== undefined && { express }),
  };
};

const bridgeOn = (
  line: string,
): Pick<MachinePciFunction, 'address' | 'secondaryBus' | 'subordinateBus'> | undefined => {
  const [, address, first, last] = BRIDGE.exec(line) ?? [];
  if (address === undefined || first === undefined) return undefined;
  return { address, secondaryBus: Number.parseInt(first, 16), subordinateBus: Number.parseInt(last ?? first, 16) };
};

const withSegmentHosts = (functions: readonly MachinePciFunction[]): MachinePciFunction[] => {
  const hosts = segmentHosts(functions.map(({ address, id }) => ({ address, isHost: isVmdId(id) })));
  return functions.map((fn) => {
    const host = hosts.get(parsePciAddress(fn.address).segment);
    return host === undefined ? fn : { ...fn, segmentHost: host };
  });
};
