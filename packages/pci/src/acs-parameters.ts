import { bootParameters, type Kernel } from '@iommu/core';
import { functionOf, slotOf } from './address.js';
import type { PciDevice } from './pci-device.js';

/** The value of one `pci=` option; the last on the command line wins. Options are parted by commas. */
const pciOption = (kernel: Kernel, option: string): string | undefined => {
  let found: string | undefined;
  for (const value of bootParameters(kernel, 'pci')) {
    for (const word of value.split(',')) if (word.startsWith(`${option}=`)) found = word.slice(option.length + 1);
  }
  return found;
};

const parseHex = (text: string | undefined): number | undefined =>
  text !== undefined && /^[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : undefined;

/** `pci:<vendor>:<device>[:<subvendor>:<subdevice>]`, 0 for any. */
const matchesIds = ({ facts }: PciDevice, text: string): boolean => {
  const wanted = text.split(':').map(parseHex);
  const have = [facts.vendor, facts.device, facts.subsystemVendor, facts.subsystemDevice];
  return wanted.length >= 2 && wanted.every((id, at) => id !== undefined && (id === 0 || id === have[at]));
};

/** `[<domain>:]<bus>:<device>.<function>[/<device>.<function>]*`: the path from a bus down. */
const matchesPath = (device: PciDevice, text: string): boolean => {
  const match = /^(?:([0-9a-f]+):)?([0-9a-f]+):(.+)/i.exec(text);
  if (!match) return false;
  const steps = (match[3] ?? '').split('/').map((step) => step.split('.').map(parseHex));
  let current: PciDevice | undefined = device;
  for (let at = steps.length - 1; at >= 0; at--) {
    const [slot, fn] = steps[at] ?? [];
    if (!current || slotOf(current.rid) !== slot || functionOf(current.rid) !== fn) return false;
    if (at > 0) current = current.pciBus.self;
  }
  return current?.pciBus.number === parseHex(match[2]) && device.segment === (parseHex(match[1]) ?? 0);
};

/**
 * Whether a `<pci_dev>` of the command line names the device.
 *
 * @see Linux v6.12 drivers/pci/pci.c pci_dev_str_match()
 */
const matchesPciDev = (device: PciDevice, text: string): boolean =>
  text.startsWith('pci:') ? matchesIds(device, text.slice(4)) : matchesPath(device, text);

/** `pci=disable_acs_redir=<pci_dev>[;…]`. @see Linux v6.1 drivers/pci/pci.c pci_disable_acs_redir() */
export const disablesAcsRedirect = (device: PciDevice, kernel: Kernel): boolean => {
  if (!kernel.has('4.19')) return false;
  const list = pciOption(kernel, 'disable_acs_redir');
  return list?.split(';').some((name) => matchesPciDev(device, name)) ?? false;
};

/**
 * What `pci=config_acs=<flags>@<pci_dev>[;…]` sets for the device: the first entry that names it. Flags are characters
 * `0`, `1` and `x`, bit 0 the rightmost.
 *
 * @see Linux v6.12 drivers/pci/pci.c __pci_config_acs()
 */
export const configAcs = (device: PciDevice, kernel: Kernel): { mask: number; flags: number } | undefined => {
  if (!kernel.has('6.11')) return undefined;
  for (const entry of pciOption(kernel, 'config_acs')?.split(';') ?? []) {
    const at = entry.indexOf('@');
    if (at < 0 || !matchesPciDev(device, entry.slice(at + 1))) continue;
    let mask = 0;
    let flags = 0;
    [...entry.slice(0, at)].reverse().forEach((digit, bit) => {
      if (digit === '0' || digit === '1') mask |= 1 << bit;
      if (digit === '1') flags |= 1 << bit;
    });
    return mask & ~0x7f ? undefined : { mask, flags };
  }
  return undefined;
};
