import type { Kernel } from '@iommu/core';
import { PcieType } from './express.js';
import type { PciDevice } from './pci-device.js';

/** What `pcie_acs_override=` asks for. */
export interface AcsOverride {
  /** Root ports and downstream ports count as isolating. */
  readonly downstream: boolean;
  /** Functions of multifunction devices count as isolating. */
  readonly multifunction: boolean;
  /** Vendor and device id in one number, of functions that count as isolating whatever their kind. */
  readonly ids: ReadonlySet<number>;
}

const ID = /^id:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i;

/**
 * Read the value of `pcie_acs_override=`: `downstream`, `multifunction` and `id:vvvv:dddd`, parted by commas.
 *
 * @returns The words that it does not know beside what it does; the patch passes over them.
 */
export const parseAcsOverride = (text: string): AcsOverride & { readonly unknown: readonly string[] } => {
  const words = text.split(',').filter(Boolean);
  const ids = words.flatMap((word) => {
    const [, vendor, device] = ID.exec(word) ?? [];
    return vendor && device ? [Number.parseInt(vendor, 16) * 0x10000 + Number.parseInt(device, 16)] : [];
  });
  return {
    downstream: words.includes('downstream'),
    multifunction: words.includes('multifunction'),
    ids: new Set(ids),
    unknown: words.filter((word) => word !== 'downstream' && word !== 'multifunction' && !ID.test(word)),
  };
};

/** Read once a kernel. */
const known = new WeakMap<Kernel, AcsOverride | null>();

const overrideOf = (kernel: Kernel): AcsOverride | null => {
  const found = known.get(kernel);
  if (found !== undefined) return found;
  const text = kernel.rule('acs-override');
  const override = text === undefined ? null : parseAcsOverride(text);
  known.set(kernel, override);
  return override;
};

/**
 * Whether the out-of-tree patch lets a PCI Express function without ACS capability count as isolating. It changes what
 * Linux believes, not what the hardware does.
 *
 * @see pcie_acs_override, a patch carried by some distributions and never merged (A. Williamson, 2013)
 */
export const isAcsOverridden = ({ facts, express, multifunction, topology }: PciDevice): boolean => {
  const override = overrideOf(topology.settings.kernel);
  if (!override || typeof express !== 'number' || facts.acs !== null) return false;
  if (override.ids.has((facts.vendor ?? 0) * 0x10000 + (facts.device ?? 0))) return true;
  switch (express) {
    case PcieType['root-port']:
    case PcieType['downstream-port']:
      return override.downstream;
    case PcieType.endpoint:
    case PcieType['legacy-endpoint']:
    case PcieType['upstream-port']:
    case PcieType['rc-endpoint']:
      return override.multifunction && multifunction;
    default:
      return false;
  }
};
