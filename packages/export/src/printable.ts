/** Control characters and halves of pairs, which no text format carries: what a dump calls a device is somebody else's. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\ufffe\uffff]/gu;

/** A text on one line, of characters that every format can carry. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, '\ufffd');
