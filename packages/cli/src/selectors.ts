import { IommuError } from '@iommu/core';
import { functionOf, type PciDevice, slotOf } from '@iommu/pci';

const part = (text: string | undefined, what: string, max: number): number | undefined => {
  if (text === undefined || text === '' || text === '*') return undefined;
  const value = /^[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  if (Number.isNaN(value) || value > max)
    throw new IommuError('ERR_USAGE', `'${text}' is no ${what}; expected hexadecimal digits or *`);
  return value;
};

type Test = (device: PciDevice) => boolean;

const equals = (wanted: number | undefined, value: number | undefined): boolean =>
  wanted === undefined || wanted === value;

/** `[[[[<domain>]:]<bus>]:][<device>][.[<function>]]`, each a number or `*`. @see lspci(8), -s */
export const bySlot = (text: string): Test => {
  const [place = '', fn] = text.split('.', 2);
  const numbers = place.split(':').reverse();
  if (numbers.length > 3)
    throw new IommuError('ERR_USAGE', `'${text}' is no slot; expected [[[<domain>]:]<bus>:][<device>][.<function>]`);
  const slot = part(numbers[0], 'device', 0x1f);
  const bus = part(numbers[1], 'bus', 0xff);
  const segment = part(numbers[2], 'domain', 0xffffffff);
  const wantedFunction = part(fn, 'function', 7);
  return ({ segment: own, rid }) =>
    equals(segment, own) &&
    equals(bus, rid >> 8) &&
    equals(slot, slotOf(rid)) &&
    equals(wantedFunction, functionOf(rid));
};

/** `[<vendor>]:[<device>][:<class>[:<prog-if>]]`, each a number or `*`. @see lspci(8), -d */
export const byId = (text: string): Test => {
  const parts = text.split(':');
  if (parts.length < 2 || parts.length > 4) {
    throw new IommuError('ERR_USAGE', `'${text}' is no id; expected [<vendor>]:[<device>][:<class>[:<prog-if>]]`);
  }
  const vendor = part(parts[0], 'vendor', 0xffff);
  const device = part(parts[1], 'device', 0xffff);
  const progIf = part(parts[3], 'programming interface', 0xff);
  // A class of two digits is a base class.
  const isBase = parts[2]?.length === 2;
  const classCode = part(parts[2], 'class', 0xffff);
  return ({ facts }) => {
    const code = facts.classCode;
    return (
      equals(vendor, facts.vendor) &&
      equals(device, facts.device) &&
      equals(classCode, code === undefined ? undefined : isBase ? code >>> 16 : code >>> 8) &&
      equals(progIf, code === undefined ? undefined : code & 0xff)
    );
  };
};
