/** How groups are told apart beside their numbers, for eyes that do and do not see colours. */
export interface Outline {
  /** Of the line: dark enough on white, `#rrggbb`. */
  readonly colour: string;
  /** Behind text: light enough for black. */
  readonly fill: string;
  /** As SVG's `stroke-dasharray`; empty: solid. */
  readonly dashes: string;
  /** As Graphviz calls it. */
  readonly style: 'solid' | 'dashed' | 'dotted';
  /** In pixels. */
  readonly width: number;
}

/** Told apart with the common kinds of colour blindness too. @see Okabe and Ito, Color Universal Design (2008) */
const COLOURS = [
  ['#0072b2', '#dcebf5'],
  ['#d55e00', '#fae6d8'],
  ['#007a5e', '#d9efe8'],
  ['#a8517f', '#f4e3ec'],
  ['#8a6d00', '#f7efcf'],
] as const;

const LINES = [
  ['', 'solid'],
  ['8 4', 'dashed'],
  ['2 4', 'dotted'],
] as const;

/** Of a device that is alone in its group, or in none: nothing to tell apart. */
export const PLAIN_OUTLINE: Outline = { colour: '#555555', fill: '#ffffff', dashes: '', style: 'solid', width: 1 };

/** Of the nth group with several devices. Both the colour and the line change from one to the next. */
export const outlineOf = (place: number): Outline => {
  const [colour, fill] = COLOURS[place % COLOURS.length] ?? COLOURS[0];
  const [dashes, style] = LINES[place % LINES.length] ?? LINES[0];
  return { colour, fill, dashes, style, width: 3 };
};
