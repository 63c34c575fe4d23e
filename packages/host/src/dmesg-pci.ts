import type { MachinePciFunction } from '@iommu/machine';
import type { PcieTypeName } from '@iommu/pci';

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

/** The PCI functions that a kernel's log lists as it finds them: ids, classes and bus numbers, no capabilities. */
export const parseDmesgPci = (lines: Iterable<string>): MachinePciFunction[] => {
  const functions = new Map<string, MachinePciFunction>();
  for (const line of lines) {
    const found = FOUND.exec(line);
    if (found) {
      const [, address = '', vendor, device, type = '', code, kind] = found;
      const express = kindOf(kind);
      functions.set(address, {
        address,
        id: `${vendor}:${device}`,
        ...(code !== undefined && { class: code }),
        headerType: Number.parseInt(type, 16) & 0x7f,
        ...(express !== undefined && { express }),
      });
      continue;
    }
    const [, address = '', first, last] = BRIDGE.exec(line) ?? [];
    const bridge = functions.get(address);
    if (!bridge || first === undefined) continue;
    const secondaryBus = Number.parseInt(first, 16);
    functions.set(address, { ...bridge, secondaryBus, subordinateBus: Number.parseInt(last ?? first, 16) });
  }
  return [...functions.values()];
};
