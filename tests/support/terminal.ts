import { type Ended, iommu } from './command.js';

const ESCAPE = String.fromCharCode(27);
const ESCAPES = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

/** Run the command as at a terminal of this width, with colours or without; names of devices come with the package. */
export const iommuAt = (columns: number, colour: boolean, words: readonly string[]): Ended =>
  iommu(words, {
    env: { COLUMNS: String(columns), ...(colour ? { FORCE_COLOR: '1', NO_COLOR: '' } : { NO_COLOR: '1' }) },
  });

/** Without colours. */
export const plain = (text: string): string => text.replace(ESCAPES, '');

/** Lines that are wider than a terminal. */
export const tooWide = (text: string, columns: number): string[] =>
  plain(text)
    .split('\n')
    .filter((line) => [...line].length > columns);
