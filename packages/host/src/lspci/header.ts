import { formatPciAddress, tryParsePciAddress } from '@iommu/pci';

/** The first line of a device. */
export interface DeviceHeader {
  /** `DDDD:BB:DD.F`; of the path form of `lspci -P`, the last step: `00.0` when it has no bus. */
  readonly address: string;
  /** As printed, with all steps of the path form. */
  readonly path: string;
  /** The path without its last step; `undefined` when there is but one. */
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
}

const STEP = '(?:[0-9a-f]{4,8}:)?(?:[0-9a-f]{2}:)?[0-9a-f]{2}\\.[0-7]';
/** What lists put before an entry: a bullet, or the word of scripts that look for devices that can be reset. */
const MARK = '(?:(?:[-*+•]|\\[RESET\\])\\s*)?';
const HEADER = new RegExp(
  `^\\s*${MARK}((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7](?:/${STEP})*)\\s+(\\S.*)$`,
  'i',
);
/** `PCI bridge [0604]: …`, `3D controller: …` */
const NAMED_CLASS = /^"?([A-Z0-9][^:[\]]*?)"?(?: \[([0-9a-fA-F]{4})\])?: (.*)$/;
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
    path: steps.join('/'),
    above: steps.length > 1 ? steps.slice(0, -1).join('/') : undefined,
    revision: /\(rev ([0-9a-f]{2})\)/i.exec(rest)?.[1],
    progIf: /\(prog-if ([0-9a-f]{2})\b/i.exec(rest)?.[1],
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
