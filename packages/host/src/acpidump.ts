const TABLE = /^(\S{4}) @ 0x[0-9a-f]+\s*$/i;
const ROW = /^\s*([0-9a-f]{4,8}): ((?:[0-9a-f]{2}(?: |$)){1,16})/i;

/** Whether a text is the output of acpidump. */
export const isAcpidump = (text: string): boolean => /^\S{4} @ 0x[0-9a-f]+\s*\r?\n\s*0000: /im.test(text);

/**
 * The tables of an acpidump text, each as far as its rows follow each other.
 *
 * @returns By signature; a second table of one signature is `SSDT2`.
 * @see ACPICA acpidump (the format of its output)
 */
export const parseAcpidump = (text: string): Record<string, Uint8Array> => {
  const tables: Record<string, Uint8Array> = {};
  const counts = new Map<string, number>();
  let name: string | undefined;
  let bytes: number[] = [];
  const close = (): void => {
    if (name !== undefined && bytes.length > 0) tables[name] = Uint8Array.from(bytes);
  };
  for (const line of text.split(/\r?\n/)) {
    const signature = TABLE.exec(line)?.[1];
    if (signature !== undefined) {
      close();
      const count = (counts.get(signature) ?? 0) + 1;
      counts.set(signature, count);
      name = count === 1 ? signature : `${signature}${count}`;
      bytes = [];
      continue;
    }
    const [, offset, row = ''] = ROW.exec(line) ?? [];
    if (offset !== undefined && Number.parseInt(offset, 16) === bytes.length) {
      bytes.push(
        ...row
          .trim()
          .split(' ')
          .map((byte) => Number.parseInt(byte, 16)),
      );
    }
  }
  close();
  return tables;
};

const SIGNATURE = /^(?:DMAR|IVRS|IORT|VIOT|MCFG)$/;

/**
 * The signature of a table of those that speak of IOMMUs, in binary. Where its length should be, `DMAR @ 0x…` has text: no
 * table has so many bytes.
 */
export const acpiSignature = (bytes: Uint8Array): string | undefined => {
  const signature = String.fromCharCode(...bytes.subarray(0, 4));
  const isText = /^[\s -~]{4}$/.test(String.fromCharCode(...bytes.subarray(4, 8)));
  return bytes.length >= 36 && !isText && SIGNATURE.test(signature) ? signature : undefined;
};
