import type { MachinePciFunction } from '@iommu/machine';
import { ConfigSpace, findCapability, type PciDevice, PcieType } from '@iommu/pci';

/** One state of a PCI Express link. */
export interface LinkState {
  /** In GT/s, as written; `undefined`: none that is known. */
  readonly speed: string | undefined;
  readonly width: number;
}

/** What a function says of its link: the most that it can, and what it does. */
export interface PcieLink {
  readonly port: number;
  readonly capability: LinkState;
  readonly status: LinkState;
}

const CAPABILITY_PCI_EXPRESS = 0x10;
/** Within the capability, in bytes. @see PCI Express Base Specification 5.0, 7.5.3 PCI Express Capability Structure */
const LINK_CAPABILITIES = 0x0c;
const LINK_STATUS = 0x12;

/** By the value of the fields Max Link Speed and Current Link Speed. */
const SPEEDS = [undefined, '2.5', '5', '8', '16', '32', '64'] as const;

const stateOf = (value: number): LinkState => ({ speed: SPEEDS[value & 0xf], width: (value >> 4) & 0x3f });

/** What is inside a root complex has no link. */
const isInside = (express: number): boolean =>
  express === PcieType['rc-endpoint'] || express === PcieType['rc-event-collector'];

const bytesOf = ({ description }: PciDevice): Uint8Array | undefined => {
  const { config } = description as MachinePciFunction;
  return typeof config === 'string' ? undefined : config;
};

/** The link of a function; `undefined`: it has none, or its configuration space was not read so far. */
export const pcieLinkOf = (device: PciDevice): PcieLink | undefined => {
  const bytes = bytesOf(device);
  if (typeof device.express !== 'number' || isInside(device.express) || !bytes) return undefined;
  const config = new ConfigSpace(bytes, device.description.configSize);
  const at = findCapability(config, CAPABILITY_PCI_EXPRESS);
  if (typeof at !== 'number') return undefined;
  const [capabilities, status] = [config.u32(at + LINK_CAPABILITIES), config.u16(at + LINK_STATUS)];
  if (capabilities === undefined || status === undefined) return undefined;
  return { port: capabilities >>> 24, capability: stateOf(capabilities), status: stateOf(status) };
};
