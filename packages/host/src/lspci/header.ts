import { formatPciAddress, tryParsePciAddress } from '@iommu/pci';

/** The first line of a device. */
export interface DeviceHeader {
  /** `DDDD:BB:DD.F`; of the path form of `lspci -P`, the last step: `00.0` when it has no bus. */
  readonly address: string;
  /** The step before the last, in the path form. */
  readonly above: string | undefined;
  /** Four digits, of `-n` and `-nn`. */
  readonly classId: string | undefined;
  readonly className: string | undefined;
  /** `8086:29c0`, of `-n` and `-nn`. */
  readonly id: string | undefined;
  /** Vendor and device by name, without ids and remarks. */
  readonly names: string;
  readonly revision: string | undefined;
  readonly progIf: string | undefined;
  readonly shownSegment: boolean;
}

const STEP = '(?:[0-9a-f]{4,8}:)?(?:[0-9a-f]{2}:)?[0-9a-f]{2}\\.[0-7]';
const HEADER = new RegExp(`^\\s*((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7](?:/${STEP})*)\\s+(\\S.*)$`, 'i');
/** `PCI bridge [0604]: …`, `PCI bridge: …` */
const NAMED_CLASS = /^(?:"?([A-Za-z][^:[\]]*?)"?)(?: \[([0-9a-f]{4})\])?: (.*)$/i;
/** `0604: 8086:1901 (rev 07)`, and the older `Class 0604: 8086:1901` */
const NUMBERED_CLASS = /^(?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})(.*)$/i;
const ID = /\[([0-9a-f]{4}):([0-9a-f]{4})\]/gi;

/** Whether a line starts a device, and what it says of it. */
export const parseHeader = (line: string): DeviceHeader | undefined => {
  const match = HEADER.exec(line);
  if (!match) return undefined;
  const [, place = '', rest = ''] = match;
  const steps = place.toLowerCase().split('/');
  const last = steps.at(-1) ?? '';
  const parsed = tryParsePciAddress(last);
  const common = {
    address: parsed ? formatPciAddress(parsed) : last,
    above: steps.length > 1 ? steps.at(-2) : undefined,
    revision: /\(rev ([0-9a-f]{2})\)/i.exec(rest)?.[1],
    progIf: /\(prog-if ([0-9a-f]{2})\b/i.exec(rest)?.[1],
    shownSegment: /^[0-9a-f]{4,8}:[0-9a-f]{2}:/.test(last),
  };
  const numbered = NUMBERED_CLASS.exec(rest);
  if (numbered) {
    const [, classId, vendor, device] = numbered;
    return { ...common, classId, className: undefined, id: `${vendor}:${device}`.toLowerCase(), names: '' };
  }
  const named = NAMED_CLASS.exec(rest);
  if (!named) return undefined;
  const [, className, classId, text = ''] = named;
  const id = [...text.matchAll(ID)].at(-1);
  const names = text
    .slice(0, id ? id.index : undefined)
    .replace(/\((?:rev|prog-if)\b.*$/i, '')
    .trim();
  return { ...common, classId, className, id: id && `${id[1]}:${id[2]}`.toLowerCase(), names };
};
