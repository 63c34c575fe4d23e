import type { SysfsFile } from '../node.js';
import { printable } from './printable.js';
import { READABLE, readContent } from './read-content.js';

/** A content of more lines or a longer line than this is cut: a device of a big machine may have long lists. */
const LINES = 1000;
const WIDTH = 4096;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** The text of a content without the newline at its end; `undefined` when it is none. */
export const asText = (bytes: Uint8Array): string | undefined => {
  try {
    const text = decoder.decode(bytes);
    return /[^\P{Cc}\t\n]/u.test(text) ? undefined : text.replace(/\n$/, '');
  } catch {
    return undefined;
  }
};

/**
 * The content of an attribute as lines to be shown, or in brackets what it is: the size of a binary file, the error of one
 * that does not answer.
 */
export const contentLines = (file: SysfsFile): string[] => {
  if ((file.mode & READABLE) === 0) return ['(write only)'];
  const { bytes, errno } = readContent(file);
  if (errno !== undefined) return [`(${errno})`];
  const text = asText(bytes);
  if (text === undefined) return [`(${bytes.length} bytes)`];
  const lines = text.split('\n');
  const shown = lines.slice(0, LINES).map((line) => printable(line, WIDTH));
  return lines.length > LINES ? [...shown, `(${lines.length - LINES} more lines)`] : shown;
};
