/*
 * Numbers that tell one thing from all others, found by their form. Digits become zeros and letters become x, so that
 * nothing moves and what was redacted once stays as it is.
 */

const zeros = (text: string): string => text.replace(/[0-9a-f]/gi, '0');

/** Every character but blanks and punctuation. A number of zeros was redacted by its form. */
const blanked = (text: string): string => (/^[0:-]+$/.test(text) ? text : text.replace(/[^\s.,;:_/()[\]"'-]/g, 'x'));

/** MAC-48 and EUI-64, as networks and the Device Serial Number have them; mail programs fold at hyphens. `MAC:` is no pair. */
const EUI =
  /(?<![0-9a-f])(?<![a-z](?=[a-f]{2}:))[0-9a-f]{2}(?:(?::|-(?:[^\S\n]{0,8}\n[ \t>|]{0,32})?)[0-9a-f]{2}){5,}(?![0-9a-f])/gi;
const DOTTED_MAC = /(?<![\w.])[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w.])/gi;
/** `enx001122334455`, `mac 001122334455` */
const PLAIN_MAC =
  /(\b(?:en|wl|ww)x|\b(?:mac|hwaddr|ether)(?:[ _-]?addr(?:ess)?)?[\s:="']*(?:0x)?)([0-9a-f]{12})(?![0-9a-f])/gi;
const WORLD_WIDE_NAME =
  /(\b(?:ww[np]?n|naa|eui|nguid|\w*guid)[\s.:="'-]*(?:0x)?)([0-9a-f]{4}(?::?[0-9a-f]{4}){3,7})(?![0-9a-f])/gi;
/** Ids of machines, boots and volumes without hyphens. */
const PLAIN_UUID = /(?<![0-9a-fx])[0-9a-f]{32}(?![0-9a-f])/gi;

const UUID = /(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f])/gi;
const NUMBERED_UUID = /^00000000-0000-0000-0000-/;

/** Up to the line's end, or to where something of lspci starts that shares the line. */
const VALUE = String.raw`[^\n]*?(?= \[[A-Z][A-Z0-9]\] | (?:Capabilities|Kernel driver|Kernel modules|IOMMU group)\b|\n|$)`;
/** `Serial Number: …`, `SerialNumber=…`, `S/N …`, `[SN] Serial number: …`, `ID_SERIAL_SHORT=…`, `Asset Tag: …` */
const SERIAL = new RegExp(
  String.raw`((?:serial[ _-]?(?:number|num|no)\b\.?["']?[^\S\n]*[:=#]?|\b(?:id_)?serial(?:_short)?\b["']?[^\S\n]*[:=#]|\bs/n\b[^\S\n]*[:=#]?|\b(?:asset|service)[ _-]?tag\b["']?[^\S\n]*[:=#]?)[^\S\n]*)(${VALUE})`,
  'gi',
);
/** The fields of Vital Product Data as lspci prints them; `RV` is a checksum. */
const VPD_FIELD = new RegExp(String.raw`(\[(?!RV\])[A-Z][A-Z0-9]\] [A-Za-z][A-Za-z /-]{2,30}: )(${VALUE})`, 'g');
/** `ACPI: DMAR 0x000000007A5B0000 0000A8 (v01 VENDOR TABLE    00000001 INTL 00000001)`: what the tables' headers hold. */
const ACPI_HEADER = /(ACPI: .{4} \S+ \S+ \(v\d\d )([^)\n]*)(?=\))/g;

/** Gives each UUID a number, the same wherever it stands: names of devices must stay different. */
export class Uuids {
  readonly #numbers = new Map<string, number>();

  redact(text: string): string {
    return text.replace(UUID, (uuid) => {
      if (NUMBERED_UUID.test(uuid)) return uuid;
      const key = uuid.toLowerCase();
      const number = this.#numbers.get(key) ?? this.#numbers.size + 1;
      this.#numbers.set(key, number);
      return `00000000-0000-0000-0000-${String(number).padStart(12, '0')}`;
    });
  }
}

/** Text without serial numbers, MAC addresses, world wide names, and UUIDs that are written without hyphens. */
export const redactIdentifiers = (text: string): string =>
  text
    .replace(EUI, zeros)
    .replace(DOTTED_MAC, zeros)
    .replace(PLAIN_MAC, (_, head: string, digits: string) => head + zeros(digits))
    .replace(WORLD_WIDE_NAME, (_, head: string, digits: string) => head + zeros(digits))
    .replace(PLAIN_UUID, zeros)
    .replace(ACPI_HEADER, (_, head: string, fields: string) => head + blanked(fields))
    .replace(VPD_FIELD, (_, head: string, value: string) => head + blanked(value))
    .replace(SERIAL, (_, head: string, value: string) => head + blanked(value));
