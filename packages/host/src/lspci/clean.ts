const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&amp;': '&',
  '&quot;': '"',
  '&#39;': "'",
  '&nbsp;': ' ',
};

/** Escape, bracket, numbers, m; or K, which grep adds. */
const TERMINAL_COLOUR = new RegExp(`${String.fromCharCode(0x1b)}\\[[0-9;]*[mK]`, 'g');

/** Quoting marks of mails and trackers before a line. */
const QUOTE = /^(?:[>|] ?)+/;

/**
 * Undo what pasting does to text: line ends of other systems, no-break spaces, HTML entities, terminal colours, quoting
 * marks.
 *
 * @returns Lines without their ends.
 */
export const cleanLines = (text: string): string[] =>
  text
    .replace(/^\uFEFF/, '')
    .replace(TERMINAL_COLOUR, '')
    .replace(/[\u00a0\u2007\u202f]/g, ' ')
    .replace(/&(?:lt|gt|amp|quot|#39|nbsp);/g, (entity) => ENTITIES[entity] ?? entity)
    .split(/\r\n|\n|\r/)
    .map((line) => line.replace(QUOTE, '').trimEnd());
