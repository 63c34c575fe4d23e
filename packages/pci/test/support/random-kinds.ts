import type { PcieTypeName } from '../../src/index.js';

export type Kind = PcieTypeName | 'conventional';

export const BRIDGES: readonly Kind[] = [
  'root-port',
  'upstream-port',
  'downstream-port',
  'pcie-to-pci-bridge',
  'pci-to-pcie-bridge',
];

/** A root bus, the link below a port, the inside of a switch, conventional PCI. */
export type BusKind = 'root' | 'link' | 'switch' | 'pci';

/** What may stand on a bus, the likelier more than once; `bridge` is a conventional one. */
export const KINDS: Readonly<Record<BusKind, readonly (Kind | 'bridge')[]>> = {
  root: ['rc-endpoint', 'root-port', 'root-port', 'conventional', 'bridge', 'pcie-to-pci-bridge', 'rc-event-collector'],
  link: ['endpoint', 'endpoint', 'legacy-endpoint', 'upstream-port', 'upstream-port', 'pcie-to-pci-bridge'],
  switch: ['downstream-port', 'downstream-port', 'downstream-port', 'endpoint'],
  pci: ['conventional', 'conventional', 'bridge', 'pci-to-pcie-bridge'],
};

/** The bus behind a bridge, where it is not conventional PCI. */
export const BEHIND: Readonly<Record<string, BusKind>> = {
  'root-port': 'link',
  'downstream-port': 'link',
  'pci-to-pcie-bridge': 'link',
  'upstream-port': 'switch',
};
