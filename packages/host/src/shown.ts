/** Characters of a name that a message repeats. */
const SHOWN = 100;

/** What stands in an archive as a message may show it: short, and nothing in it that does something to a terminal. */
export const shown = (text: string): string => {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}]/gu, '�');
};
