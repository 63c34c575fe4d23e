/** The Device/Port Type field of the PCI Express Capabilities register. @see PCI Express Base Specification */
export const PcieType = {
  endpoint: 0,
  'legacy-endpoint': 1,
  'root-port': 4,
  'upstream-port': 5,
  'downstream-port': 6,
  'pcie-to-pci-bridge': 7,
  'pci-to-pcie-bridge': 8,
  'rc-endpoint': 9,
  'rc-event-collector': 10,
} as const;

/** The name of a type, as in {@link PcieType}. */
export type PcieTypeName = keyof typeof PcieType;

const NAMES = new Map<number, PcieTypeName>(
  Object.entries(PcieType).map(([name, value]) => [value, name as PcieTypeName]),
);

/** The name of a type value; a reserved value prints as `type-<n>`. */
export const pcieTypeName = (type: number): string => NAMES.get(type) ?? `type-${type}`;
