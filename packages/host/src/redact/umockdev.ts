import { redactConfigSpace } from './config-space.js';
import type { Redactor } from './redactor.js';

const DEVICE = /^P: (\S*)/;
/** Devices that concern grouping: PCI functions, their host bridges, and IOMMUs. */
const CONCERNED =
  /^\/devices\/(?:.*\/)?(?:pci[0-9a-f]+:[0-9a-f]{2}(?:\/[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])*|iommu\/[^/]+)$/;
/** Attributes and properties that are the device's kind, not the one device. */
const PROPERTY =
  /^(?:PCI_CLASS|PCI_ID|PCI_SUBSYS_ID|PCI_SLOT_NAME|MODALIAS|SUBSYSTEM|DRIVER|ID_(?:VENDOR|MODEL|PCI_\w+)_FROM_DATABASE)$/;
const ATTRIBUTE =
  /^(?:vendor|device|subsystem_vendor|subsystem_device|class|revision|modalias|resource|irq|enable|numa_node|driver_override|ari_enabled|removable|(?:secondary|subordinate)_bus_number|sriov_\w+|(?:intel|amd)-iommu\/\w+)$/;
const LINK = /^(?:driver|subsystem|iommu|iommu_group|physfn|virtfn\d+|firmware_node|of_node)$/;

const redactBytes = (name: string, hex: string): string | undefined => {
  if (name !== 'config' || !/^(?:[0-9a-f]{2})*$/i.test(hex)) return undefined;
  const redacted = Buffer.from(redactConfigSpace(Buffer.from(hex, 'hex'))).toString('hex');
  return `H: ${name}=${/[A-F]/.test(hex) ? redacted.toUpperCase() : redacted}`;
};

/** A line below a device; `undefined` for what is not kept. */
const redactLine = (line: string, redactor: Redactor): string | undefined => {
  const [, kind = '', name = '', value = ''] = /^([AELH]): ?([^=]*)=(.*)$/.exec(line) ?? [];
  if (kind === 'H') return redactBytes(name, value.trim());
  const known = kind === 'A' ? ATTRIBUTE : kind === 'E' ? PROPERTY : LINK;
  return kind !== '' && known.test(name) ? redactor.name(redactor.prose(line)) : undefined;
};

/** A record of devices with those that concern grouping, and of them what says what they are. */
export const redactUmockdev = (text: string, redactor: Redactor): string => {
  const output: string[] = [];
  let kept = false;
  for (const line of text.split(/\r?\n/)) {
    const device = DEVICE.exec(line)?.[1];
    if (device !== undefined) {
      kept = CONCERNED.test(device);
      if (kept && output.length > 0) output.push('');
      if (kept) output.push(redactor.name(line));
    } else if (kept) {
      const redacted = redactLine(line, redactor);
      if (redacted !== undefined) output.push(redacted);
    }
  }
  return output.map((line) => `${line}\n`).join('');
};
