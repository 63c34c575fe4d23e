/** Longer names say no more. */
const SHOWN = 200;

/** A text as one line that does nothing to a terminal: control characters become `\x1b`, a long text is cut. */
export const printable = (text: string, shown = SHOWN): string => {
  const cut = text.length > shown ? `${text.slice(0, shown)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
};
