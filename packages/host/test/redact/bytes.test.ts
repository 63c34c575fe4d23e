import { openAcpiTable, sealAcpiTable } from '@iommu/firmware';
import { ConfigSpace, readConfigFacts } from '@iommu/pci';
import { describe, expect, test } from 'vitest';
import { random, runs } from '../../../../tests/support/sweep.js';
import { redactAcpiTable } from '../../src/redact/acpi-table.js';
import { redactConfigSpace } from '../../src/redact/config-space.js';
import { configBytes } from '../support/config-bytes.js';

const SERIAL = [0xa7, 0xc4, 0x5e, 0xff, 0xfe, 0x00, 0x6b, 0x9c];

/** ACS at 0x100, a serial number at 0x140, Vital Product Data at 0x60 behind PCI Express at 0x40. */
const withSerial = (): Uint8Array => {
  const bytes = configBytes({ express: 4, acs: [0x1d, 0x1d] });
  const view = new DataView(bytes.buffer);
  bytes[0x41] = 0x60;
  bytes.set([0x03, 0x00, 0x00, 0x80, ...SERIAL.slice(0, 4)], 0x60);
  view.setUint32(0x100, 0x0001_000d | (0x140 << 20), true);
  view.setUint32(0x140, 0x0001_0003, true);
  bytes.set(SERIAL, 0x144);
  return bytes;
};

describe('a configuration space', () => {
  test('loses the serial number and the last word of its product data, and nothing else', () => {
    const before = withSerial();
    const after = redactConfigSpace(before);
    const changed = [...after.keys()].filter((at) => after[at] !== before[at]);
    expect(changed.every((at) => after[at] === 0)).toBe(true);
    expect(changed).toEqual([0x64, 0x65, 0x66, 0x67, 0x144, 0x145, 0x146, 0x147, 0x148, 0x14a, 0x14b]);
    expect(readConfigFacts(new ConfigSpace(after))).toEqual(readConfigFacts(new ConfigSpace(before)));
  });

  test('loses as much of it as was read', () => {
    expect([...redactConfigSpace(withSerial().subarray(0, 0x148)).subarray(0x144)]).toEqual([0, 0, 0, 0]);
    expect(redactConfigSpace(withSerial().subarray(0, 64))).toEqual(withSerial().subarray(0, 64));
  });

  test('has as many bytes after as before, whatever they are', () => {
    const next = random(5);
    for (let left = runs(2000, 300); left > 0; left--) {
      const bytes = withSerial().subarray(0, [0, 1, 64, 256, 4096][next(5)]);
      for (let changes = next(8); changes > 0 && bytes.length > 0; changes--) bytes[next(bytes.length)] = next(256);
      const once = redactConfigSpace(bytes);
      expect(once).toHaveLength(bytes.length);
      expect(redactConfigSpace(once)).toEqual(once);
    }
  });
});

const HEADER = 'DMAR....\x01.WX9077ORTHANC1\x01\0\0\0ISEN\x07\0\0\0';
const tableOf = (text: string): Uint8Array => sealAcpiTable(Buffer.from(text, 'latin1'));

describe('an ACPI table', () => {
  test('loses what its vendor wrote into its header, and keeps a right checksum right', () => {
    const before = tableOf(`${HEADER}${'\x26\x05'.repeat(20)}`);
    const after = redactAcpiTable(before);
    expect(openAcpiTable(after, 'DMAR').checksumOk).toBe(true);
    expect(Buffer.from(after).toString('latin1')).not.toMatch(/WX9077|ORTHANC1|ISEN/);
    expect(after.subarray(36)).toEqual(Uint8Array.from(before.subarray(36)));
    expect(redactAcpiTable(after)).toEqual(after);
  });

  test('keeps a wrong checksum wrong, and blanks what follows it', () => {
    const broken = Buffer.concat([tableOf(`${HEADER}1234`), Buffer.from('WX9077')]);
    broken[9] = (broken[9] ?? 0) + 1;
    const after = redactAcpiTable(broken);
    expect(openAcpiTable(after, 'DMAR').checksumOk).toBe(false);
    expect([...after.subarray(40)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test.each([
    ['\\_SB.FUR0.LONG.PATH', true],
    ['0', true],
    ['12345678', true],
    ['S/N-90777', false],
  ])('of IVRS keeps the UID %s: %s', (uid, kept) => {
    const entry = `\xf0\x30\0\0AMDI0020${'\0'.repeat(8)}\x02${String.fromCharCode(uid.length)}${uid}`;
    const selectAll = '\x03\x08\0\0\x04\xff\xff\0';
    const length = 40 + selectAll.length + entry.length;
    const block = `\x40\0${String.fromCharCode(length & 0xff, length >> 8)}${'\0'.repeat(36)}${selectAll}${entry}`;
    const table = tableOf(`IVRS${HEADER.slice(4)}${'\0'.repeat(12)}${block}`);
    const after = Buffer.from(redactAcpiTable(table)).toString('latin1');
    expect(after.includes(uid)).toBe(kept);
    expect(after).toContain('AMDI0020');
    expect(openAcpiTable(redactAcpiTable(table), 'IVRS').checksumOk).toBe(true);
  });

  test('may be cut anywhere', () => {
    const table = tableOf(`${HEADER}1234`);
    for (let length = 0; length <= table.length; length++) {
      expect(redactAcpiTable(table.subarray(0, length))).toHaveLength(length);
    }
  });
});
