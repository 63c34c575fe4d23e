import { styleText } from 'node:util';
import { wrapAnsi } from 'fast-wrap-ansi';
import { hasColour, isTerminal } from './terminal.js';

/** For a pipe, and where the terminal does not say. */
const USUAL_WIDTH = 80;
/** Below this, words are broken rather than lines made shorter. */
const LEAST_WIDTH = 20;

type Colour = Parameters<typeof styleText>[0];

/** How text for people is laid out. */
export interface Page {
  /** In columns. */
  readonly width: number;
  /** Text in a colour, where colours are wanted. */
  readonly paint: (colour: Colour, text: string) => string;
}

const columns = (): number => {
  const stated = Number(process.env['COLUMNS']);
  if (Number.isInteger(stated) && stated > 0) return stated;
  return (isTerminal(1) ? process.stdout.columns : undefined) ?? USUAL_WIDTH;
};

/** Standard output. */
export const page = (): Page => {
  const coloured = hasColour(1);
  return {
    width: Math.max(LEAST_WIDTH, columns()),
    // The stream was looked at already, and opening its object costs a start more than all this.
    paint: (colour, text) => (coloured ? styleText(colour, text, { validateStream: false }) : text),
  };
};

/**
 * Text as lines of at most the page's width.
 *
 * @param lead - Before the first line, of no more than half the page; those that follow are indented as far.
 */
export const wrapped = ({ width }: Pick<Page, 'width'>, lead: string, text: string): string[] => {
  const indent = plainLength(lead);
  const lines = wrapAnsi(text, Math.max(LEAST_WIDTH / 2, width - indent), { hard: true }).split('\n');
  return lines.map((line, at) => `${at === 0 ? lead : ' '.repeat(indent)}${line}`.trimEnd());
};

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

const plainLength = (text: string): number => text.replace(ESCAPES, '').length;
